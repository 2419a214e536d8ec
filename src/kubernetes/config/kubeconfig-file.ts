import path from "node:path";
import { parse } from "yaml";
import { GuardedFileError, readGuardedText } from "../../files/guarded-file.ts";
import { KubeconfigError } from "./kubeconfig-error.ts";

/** Bytes of the largest file: ten thousand contexts are no kubeconfig of people. */
const MAX_BYTES = 1024 * 1024;

/** A file of a hundred contexts has fewer; in a longer one the last of two equal keys counts. */
const COMPARED_CHARACTERS = 64 * 1024;

type Fields = Record<string, unknown>;

/** A kubeconfig as the file has it. */
export interface Kubeconfig {
  readonly clusters: readonly NamedEntry[];
  readonly users: readonly NamedEntry[];
  readonly contexts: readonly NamedEntry[];
  readonly currentContext: string | undefined;
}

export interface NamedEntry {
  readonly name: string;
  readonly value: Fields;
}

/** Each run reads its file anew; to parse it costs more than all else of that (measured: 7 ms). */
const FILES_KEPT = 8;
const lastRead = new Map<string, { readonly text: string; readonly parsed: Kubeconfig }>();

/** Reads one file; relative paths in it become absolute, as kubectl does. */
export async function readKubeconfig(file: string): Promise<Kubeconfig> {
  const text = await readGuardedText(file, { maxBytes: MAX_BYTES }).catch((error: NodeJS.ErrnoException) => {
    throw readError(file, error);
  });
  const known = lastRead.get(file);
  if (known?.text === text) return known.parsed;
  const parsed = parseKubeconfig(text, file);
  lastRead.delete(file);
  lastRead.set(file, { text, parsed });
  for (const oldest of [...lastRead.keys()].slice(0, -FILES_KEPT)) lastRead.delete(oldest);
  return parsed;
}

export function parseKubeconfig(text: string, file: string): Kubeconfig {
  let content: unknown;
  try {
    // The parser compares each key of a map with all others.
    content = parse(text, { uniqueKeys: text.length <= COMPARED_CHARACTERS });
  } catch (error) {
    // The parser's message quotes the line, which may be a token: only its number is reported.
    const line = (error as { linePos?: [{ line: number }] }).linePos?.[0].line;
    throw malformed(file, `is not valid YAML${line === undefined ? "" : ` (line ${line})`}`);
  }
  if (!isFields(content)) throw malformed(file, "is not a kubeconfig: it has no fields");
  const directory = path.dirname(path.resolve(file));
  const current = content["current-context"];
  return {
    clusters: entries(content, "clusters", "cluster", file).map((entry) =>
      absolute(entry, directory, ["certificate-authority"]),
    ),
    users: entries(content, "users", "user", file).map((entry) => userPaths(entry, directory)),
    contexts: entries(content, "contexts", "context", file),
    currentContext: typeof current === "string" && current !== "" ? current : undefined,
  };
}

/** Several files as one: of two entries with one name, and of two current contexts, the first wins, as with kubectl. */
export function mergeKubeconfigs(files: readonly Kubeconfig[]): Kubeconfig {
  const merge = (pick: (file: Kubeconfig) => readonly NamedEntry[]): NamedEntry[] => {
    const byName = new Map<string, NamedEntry>();
    for (const entry of files.flatMap(pick)) if (!byName.has(entry.name)) byName.set(entry.name, entry);
    return [...byName.values()];
  };
  return {
    clusters: merge((file) => file.clusters),
    users: merge((file) => file.users),
    contexts: merge((file) => file.contexts),
    currentContext: files.find((file) => file.currentContext !== undefined)?.currentContext,
  };
}

function entries(content: Fields, list: string, field: string, file: string): NamedEntry[] {
  const items = content[list] ?? [];
  if (!Array.isArray(items)) throw malformed(file, `has "${list}" that is not a list`);
  return items.map((item: unknown, index) => {
    const name = isFields(item) ? item.name : undefined;
    if (!isFields(item) || typeof name !== "string" || name === "")
      throw malformed(file, `has no name in ${list}[${index}]`);
    const value = item[field] ?? {};
    if (!isFields(value)) throw malformed(file, `has no ${field} in ${list}[${index}]`);
    return { name, value };
  });
}

function userPaths(entry: NamedEntry, directory: string): NamedEntry {
  const user = absolute(entry, directory, ["client-certificate", "client-key", "tokenFile"]);
  const exec = user.value.exec;
  if (!isFields(exec) || typeof exec.command !== "string") return user;
  // A bare word is looked up in PATH; anything with a slash belongs to the kubeconfig's folder.
  const { command } = exec;
  const resolved = command.includes("/") ? path.resolve(directory, command) : command;
  return { name: user.name, value: { ...user.value, exec: { ...exec, command: resolved } } };
}

function absolute(entry: NamedEntry, directory: string, fields: readonly string[]): NamedEntry {
  const value = { ...entry.value };
  for (const field of fields) {
    const file = value[field];
    if (typeof file === "string" && file !== "") value[field] = path.resolve(directory, file);
  }
  return { name: entry.name, value };
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function malformed(file: string, problem: string): KubeconfigError {
  return new KubeconfigError(
    "malformed",
    `The kubeconfig ${file} ${problem}.`,
    "Check it with: kubectl config view --kubeconfig FILE",
  );
}

const whyUnreadable = (file: string, error: NodeJS.ErrnoException): string =>
  error instanceof GuardedFileError ? `it ${error.message.slice(file.length + 1)}` : (error.code ?? "unknown error");

function readError(file: string, error: NodeJS.ErrnoException): KubeconfigError {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") {
    return new KubeconfigError(
      "missing",
      `The kubeconfig ${file} does not exist.`,
      "Name a file that exists where this process runs (in a container: mount it).",
    );
  }
  const why = error.code === "EISDIR" ? "it is a folder, not a file" : whyUnreadable(file, error);
  return new KubeconfigError(
    "unreadable",
    `The kubeconfig ${file} cannot be read: ${why}.`,
    error.code === "EISDIR" ? "Name the file inside the folder." : "Let the user this process runs as read it.",
  );
}
