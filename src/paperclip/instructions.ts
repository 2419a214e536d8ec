/** The agent's instructions: the file that Paperclip keeps for it, and the files beside it that it may refer to. */
import { realpath } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { readGuardedText } from "../files/guarded-file.ts";
import { type FolderFile, readFolder } from "./folder.ts";
import { isBelow } from "./paths.ts";
import { text } from "./wake.ts";

export interface Instructions {
  /** Where Paperclip has the file. */
  readonly path: string;
  readonly text: string;
  /** The folder that Paperclip manages for it, the file itself included; null when there is none. */
  readonly folder: { readonly path: string; readonly files: readonly FolderFile[]; readonly cost: number } | null;
}

export interface ReadInstructions {
  readonly instructions: Instructions | null;
  readonly notes: readonly string[];
}

export interface InstructionsRequest {
  /** Of this run: an issue may override what the agent has. */
  readonly config: Readonly<Record<string, unknown>>;
  /** As Paperclip has stored it: no agent changes what it says of instructions (2026.916.1). */
  readonly stored: unknown;
  readonly companyId: string;
  readonly agentId: string;
  /** Paperclip's home. */
  readonly home: string;
  /** Bytes for the folder. */
  readonly room: number;
}

/** Bytes of the file: it is part of the run's Secret, which holds 1 MiB. */
const MAX_BYTES = 512 * 1024;

/** A path of the configuration that Paperclip does not keep for this agent. */
export interface ForeignPath {
  readonly field: "instructionsFilePath" | "instructionsRootPath";
  readonly path: string;
}

/**
 * The paths that lead elsewhere than Paperclip keeps this agent's instructions: whoever may create an issue may override any
 * key for it (2026.916.1), and would have any file of Paperclip's machine read. Empty when there is none. Pure.
 */
export function foreignPaths(request: Omit<InstructionsRequest, "room">): ForeignPath[] {
  const { config, stored } = request;
  const known = isRecord(stored) ? stored : {};
  return (["instructionsFilePath", "instructionsRootPath"] as const).flatMap((field) => {
    const path = text(config[field]);
    if (path === null || path === text(known[field]) || isBelow(path, managedFolder(request))) return [];
    return [{ field, path }];
  });
}

/** Reads what `foreignPaths` has no objection to. What cannot be read is named, and the run goes on without it. */
export async function readInstructions(request: InstructionsRequest): Promise<ReadInstructions> {
  const path = text(request.config.instructionsFilePath);
  if (!path) return { instructions: null, notes: [] };
  try {
    const root = text(request.config.instructionsRootPath);
    const bundle = root !== null && root !== path && isBelow(path, root) ? root : null;
    const below = await permittedFolder(path, bundle, request);
    const content = await readGuardedText(path, { maxBytes: MAX_BYTES, below });
    const { folder, notes } = await readBundle(bundle, request.room, below);
    return { instructions: { path, text: content, folder }, notes };
  } catch (error) {
    return {
      instructions: null,
      notes: [`The instructions file cannot be read, the run goes on without it: ${reason(error)}`],
    };
  }
}

/**
 * Where the file must lie once links are followed. Of the agent's own folder, which its pod may see, only the part that is
 * Paperclip's is looked up: a folder of it that was replaced by a link leads out of it.
 */
async function permittedFolder(path: string, bundle: string | null, request: InstructionsRequest): Promise<string> {
  const managed = managedFolder(request);
  if (!isBelow(path, managed)) return realpath(bundle ?? dirname(path));
  return join(await realpath(request.home), managed.slice(normalize(request.home).length));
}

/** `HOME/instances/INSTANCE/companies/COMPANY/agents/AGENT`: where Paperclip writes what it manages for an agent (2026.916.1). */
function managedFolder(request: Pick<InstructionsRequest, "config" | "companyId" | "agentId" | "home">): string {
  const { home, companyId, agentId } = request;
  const path = normalize(text(request.config.instructionsFilePath) ?? "");
  const instance = path.slice(join(home, "instances/").length).split("/", 1)[0] || "default";
  return join(home, "instances", instance, "companies", companyId, "agents", agentId);
}

async function readBundle(root: string | null, room: number, below: string) {
  // A file elsewhere may have anything beside it.
  if (root === null) return { folder: null, notes: [] };
  try {
    const { leftOut, ...folder } = await readFolder(root, room, below);
    const notes = leftOut.map((name) => `${name} of the agent's instructions is not in the pod: it is no plain file`);
    return { folder: { path: root, ...folder }, notes };
  } catch (error) {
    return { folder: null, notes: [`The files beside the instructions are not in the pod: ${reason(error)}`] };
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
