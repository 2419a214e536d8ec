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
import { type Home, isBelow } from "./home.ts";
import type { RunFile } from "./secret.ts";

/** What Paperclip has for the agent, read. */
export interface Given {
  readonly instructions: Instructions | null;
  readonly skills: Skills;
  readonly mcpServers: readonly McpServer[];
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
  /** File for `--mcp-config`, below the run's directory. */
  readonly mcpFile: string | null;
  /** Another one in another run: the session that was started with it is not to be resumed. */
  readonly promptBundleKey: string;
  readonly mcpServerIdentity: string | null;
}

const SKILLS = "skills";
const INSTRUCTIONS = "instructions";
const MCP_FILE = "mcp.json";

export function provide(given: Given, home: Home, apiUrl: string | null): Provision {
  const { instructions, skills, mcpServers, paperclipUrl } = given;
  // Where the pod sees Paperclip's own files, the agent may change its instructions there, and the change stays.
  const own = instructions?.folder ?? null;
  const folder = own && home.sharedWithPaperclip && isBelow(own.path, home.path) ? null : own;
  const systemPrompt = [instructions && withOrigin(instructions, folder !== null), skills.library]
    .filter((part) => part !== null)
    .join("\n\n");
  const bundle = [...below(INSTRUCTIONS, folder?.files ?? []), ...below(SKILLS, skills.files)];
  const mcp = mcpConfig(mcpServers, apiUrl, paperclipUrl);
  const identity = mcpIdentity(mcpServers);
  return {
    systemPrompt: systemPrompt || null,
    files: mcp === null ? bundle : [...bundle, { path: MCP_FILE, content: mcp }],
    skillsFolder: skills.files.length > 0 ? SKILLS : null,
    mcpFile: mcp === null ? null : MCP_FILE,
    promptBundleKey: digest([systemPrompt, ...bundle.flatMap(({ path, content }) => [path, content])]),
    mcpServerIdentity: identity === null ? null : digest([identity]),
  };
}

/** Relative paths in instructions mean files beside them. */
function withOrigin({ path, text, folder }: Instructions, copied: boolean): string {
  const parent = path.slice(0, path.lastIndexOf("/") + 1);
  const inFolder = folder === null ? "" : parent.slice(folder.path.replace(/\/+$/, "").length + 1);
  const place = copied ? `${RUN_DIRECTORY}/${INSTRUCTIONS}/${inFolder}` : parent;
  const from = copied ? `${place}${path.slice(parent.length)}` : path;
  const note = copied ? " These files are copies for this run: a change to them is not kept." : "";
  return `${text}\n\nThe above agent instructions were loaded from ${from}. Resolve any relative file references from ${place}.${note}\n`;
}

const below = (folder: string, files: readonly FolderFile[]): RunFile[] =>
  files.map(({ path, bytes, executable }) => ({ path: `${folder}/${path}`, content: bytes, executable }));

/** Stands in the Job's annotations, so it tells nothing of what it was made from. */
function digest(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest("hex").slice(0, 32);
}
