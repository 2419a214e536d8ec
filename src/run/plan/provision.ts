/**
 * What the agent finds in its run's directory beside its prompt: instructions, skills, MCP servers, as Paperclip's
 * claude_local gives them. Pure.
 */
import { createHash } from "node:crypto";
import type { FolderFile } from "../../paperclip/folder.ts";
import type { Instructions } from "../../paperclip/instructions.ts";
import { type McpServer, mcpConfig, mcpIdentity } from "../../paperclip/mcp.ts";
import type { Skills } from "../../paperclip/skills.ts";
import { RUN_DIRECTORY } from "../../runner/spec.ts";
import { type Home, isSeen } from "./home.ts";
import type { Layer, RunFile } from "./secret.ts";

/** What Paperclip has for the agent beside its prompt: instructions, skills, MCP servers, programs. */
export interface AgentBundle {
  readonly instructions: Instructions | null;
  readonly skills: Skills;
  readonly mcpServers: readonly McpServer[];
  /** Programs that come before those of the image. */
  readonly programs: readonly FolderFile[];
  /** Paperclip's address as Paperclip itself gives it: MCP servers have it in theirs. */
  readonly paperclipUrl: string | null;
  /** Sentences on what could not be read. */
  readonly notes: readonly string[];
}

export interface Provision {
  /** For a fresh session: what Claude appends to its system prompt; null when there is nothing. */
  readonly systemPrompt: string | null;
  /** Below the run's directory. */
  readonly files: readonly RunFile[];
  /** Folder for `--add-dir`, below the run's directory. */
  readonly skillsFolder: string | null;
  /** Folder for the front of PATH, below the run's directory. */
  readonly programs: string | null;
  /** File for `--mcp-config`, below the run's directory. */
  readonly mcpFile: string | null;
  /** Another one in another run: the session that was started with it is not to be resumed. */
  readonly promptBundleKey: string;
  readonly mcpServerIdentity: string | null;
}

const SKILLS = "skills";
const INSTRUCTIONS = "instructions";
const PROGRAMS = "bin";
const MCP_FILE = "mcp.json";

export function provide(bundle: AgentBundle, home: Home, apiUrl: string | null): Provision {
  const { instructions, skills, mcpServers, paperclipUrl } = bundle;
  const areSeen = instructions !== null && isSeen(instructions.path, home);
  const folder = areSeen ? null : (instructions?.folder ?? null);
  const systemPrompt = [instructions && `${instructions.text}${origin(instructions, areSeen)}`, skills.library]
    .filter((part) => part !== null)
    .join("\n\n");
  const keyed = [...below(INSTRUCTIONS, folder?.files ?? [], "instructions"), ...below(SKILLS, skills.files, "skills")];
  const mcp = mcpConfig(mcpServers, apiUrl, paperclipUrl);
  const identity = mcpIdentity(mcpServers);
  const files = [...keyed, ...below(PROGRAMS, bundle.programs, "runner")];
  return {
    systemPrompt: systemPrompt || null,
    files: mcp === null ? files : [...files, { path: MCP_FILE, content: mcp }],
    skillsFolder: skills.files.length > 0 ? SKILLS : null,
    programs: bundle.programs.length > 0 ? PROGRAMS : null,
    mcpFile: mcp === null ? null : MCP_FILE,
    promptBundleKey: digest([systemPrompt, ...keyed.flatMap(({ path, content }) => [path, content])]),
    mcpServerIdentity: identity === null ? null : digest([identity]),
  };
}

/** Relative paths in instructions mean files beside them. Nothing where the pod has none of them. */
function origin({ path, folder }: Instructions, areSeen: boolean): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const parent = path.slice(0, -name.length);
  if (areSeen) return from(name, parent);
  if (folder === null) return "";
  const inFolder = parent.slice(folder.path.replace(/\/+$/, "").length + 1);
  const copies = " These files are copies for this run: a change to them is not kept.";
  return from(name, `${RUN_DIRECTORY}/${INSTRUCTIONS}/${inFolder}`, copies);
}

const from = (name: string, place: string, more = ""): string =>
  `\n\nThe above agent instructions were loaded from ${place}${name}. Resolve any relative file references from ${place}. What the instructions name beside themselves is in that folder, not in your home or working directory.${more}`;

const below = (folder: string, files: readonly FolderFile[], layer: Layer): RunFile[] =>
  files.map(({ path, bytes, executable }) => ({ path: `${folder}/${path}`, content: bytes, executable, layer }));

/** A hash, because it is an annotation of the Job and must reveal nothing of its input. */
function digest(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest("hex").slice(0, 32);
}
