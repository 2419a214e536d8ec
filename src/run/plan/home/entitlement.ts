/**
 * Which folders of Paperclip's home a run may see, as Paperclip 2026.916.1 lays them out. Pure: paths are compared as text.
 *
 * Each is a folder of a fixed depth, mounted whole, and never a deeper one: the kubelet follows links that stay within the
 * volume (its rule as we know it; not measured), so that of a subPath no part may lie where a pod can put a link.
 */
import { createHash } from "node:crypto";
import { posix } from "node:path";
import { isBelow } from "../../../paperclip/paths.ts";

export interface Tenant {
  readonly companyId: string;
  readonly agentId: string;
}

/** Paperclip's home, as its own process sees it. */
export interface PaperclipHome {
  readonly path: string;
  /** The folder below `instances`. */
  readonly instance: string;
  /** Folders of the operator's that hold workspaces beside Paperclip's own; may name `{companyId}` and `{agentId}`. */
  readonly workspaceRoots: readonly string[];
}

/** A folder that is mounted at its own path. */
export interface HomeFolder {
  readonly path: string;
  readonly readOnly: boolean;
}

/** Paths of which the run is told. */
export interface NamedPaths {
  /** Workspaces: those of a project may be set by every agent of the company, to any path (2026.916.1). */
  readonly workspaces: readonly string[];
  /** The agent's own folder, which Paperclip names after it. */
  readonly agentHome: string | null;
  /** The agent's instructions. */
  readonly instructions: string | null;
  /** True where the operator lets the agent change them. */
  readonly ownInstructions: boolean;
}

/** Where the adapter keeps its own files in Paperclip's home. */
const ADAPTER = "claude_k8s";
/** The names that lead from Paperclip's home to the agents'. */
export const HOMES_FOLDER = [ADAPTER, "homes"] as const;

/** Of Paperclip, of its adapters and of programs: never within a folder that the operator names. */
const RESERVED = new Set(["instances", ADAPTER, "adapter-plugins", "node_modules"]);

/** Names of Paperclip's folders as they are made from ids; other ids have none there. */
const PLAIN_ID = /^[A-Za-z0-9_-]+$/;

/** The names of a private home's folders, from Paperclip's home on. */
export const privateHome = ({ companyId, agentId }: Tenant): readonly string[] => [
  ...HOMES_FOLDER,
  segment(companyId),
  segment(agentId),
];

/** The end of a subPath that leads to one. */
export const PRIVATE_HOME = /(?:^|\/)(claude_k8s\/homes\/(?!\.\.?\/)[^/]+\/(?!\.\.?$)[^/]+)$/;

/** Any id as one name of a path: another one for another id, none that leads elsewhere. */
function segment(id: string): string {
  const name = encodeURIComponent(id.toWellFormed()).replaceAll(/^\.+$/g, (dots) => "%2E".repeat(dots.length));
  // Never the end of an encoded one; nor longer than a file system takes.
  if (name.length > 200) return `${name.slice(0, 160)}%${createHash("sha256").update(id).digest("hex").slice(0, 32)}`;
  return name || "%";
}

/** The folder that is mounted for the pod to see that workspace; null where the run may not. */
export function workspaceFolder(path: string, tenant: Tenant, home: PaperclipHome): string | null {
  const root = rootsOf(tenant, home).find((each) => isBelow(path, each));
  if (root !== undefined) return root;
  const { companyId, agentId } = tenant;
  const names = namesBelow(path, home.path) ?? [];
  const [top, instance, kind, owner, project] = names;
  if (top === "instances" && instance === home.instance) {
    if (kind === "workspaces" && owner === agentId && PLAIN_ID.test(agentId)) return at(home, names, 4);
    if (kind === "projects" && owner === companyId && PLAIN_ID.test(companyId) && project) return at(home, names, 5);
    return null;
  }
  // Where versions before had an agent work that has no workspace.
  return top === "workspaces" && instance === agentId && PLAIN_ID.test(agentId) ? at(home, names, 2) : null;
}

/** The same for the folder that Paperclip itself gives the agent: no agent can set it. */
function agentFolder(path: string, tenant: Tenant, home: PaperclipHome): string | null {
  const names = namesBelow(path, home.path);
  if (names === null || names.length < 2 || isReserved(names)) return workspaceFolder(path, tenant, home);
  return workspaceFolder(path, tenant, home) ?? posix.join(home.path, ...names);
}

/** The operator's folders for this agent. One that holds or lies in something of Paperclip's is none. */
export function rootsOf({ companyId, agentId }: Tenant, home: PaperclipHome): readonly string[] {
  const roots = home.workspaceRoots.flatMap((template) => {
    const root = template.replaceAll("{companyId}", segment(companyId)).replaceAll("{agentId}", segment(agentId));
    const names = namesBelow(root, home.path);
    return names === null || isReserved(names) ? [] : [posix.join(home.path, ...names)];
  });
  // The outermost first: within it a pod can put links.
  return roots.toSorted((a, b) => a.length - b.length);
}

const isReserved = ([top = ""]: readonly string[]): boolean => RESERVED.has(top) || top.startsWith(".");

/** All folders of a private home, none of which lies in another. */
export function entitledFolders(named: NamedPaths, tenant: Tenant, home: PaperclipHome): readonly HomeFolder[] {
  const writable = named.workspaces.map((path) => workspaceFolder(path, tenant, home));
  if (named.agentHome !== null) writable.unshift(agentFolder(named.agentHome, tenant, home));
  const readable = named.instructions === null ? null : instructionsFolder(named.instructions, tenant, home);
  const folders = [
    ...writable.flatMap((path) => (path === null ? [] : [{ path, readOnly: false }])),
    ...(readable === null ? [] : [{ path: readable, readOnly: !named.ownInstructions }]),
  ];
  return folders.filter(({ path }, index) => {
    const outer = folders.findIndex((other) => other.path !== path && isBelow(path, other.path));
    return outer === -1 && folders.findIndex((other) => other.path === path) === index;
  });
}

/** Where Paperclip keeps what it manages of the agent's instructions; null for those that lie elsewhere. */
function instructionsFolder(path: string, { companyId, agentId }: Tenant, home: PaperclipHome): string | null {
  if (!PLAIN_ID.test(companyId) || !PLAIN_ID.test(agentId)) return null;
  const folder = posix.join(
    ...[home.path, "instances", home.instance, "companies", companyId, "agents", agentId, "instructions"],
  );
  return namesBelow(path, folder) === null ? null : folder;
}

const at = ({ path }: PaperclipHome, names: readonly string[], depth: number): string =>
  posix.join(path, ...names.slice(0, depth));

/** The names between a folder and what lies in it; null for the folder itself and for whatever is elsewhere or is no plain path. */
export function namesBelow(path: string, folder: string): readonly string[] | null {
  const plain = posix.normalize(path).replace(/(?<=.)\/+$/, "");
  const inner = plain.startsWith(`${folder}/`) ? plain.slice(folder.length + 1) : "";
  return inner === "" || inner.includes("\0") ? null : inner.split("/");
}
