import { parseStdoutLine } from "../ui-parser.ts";
import { clean } from "./clean.ts";

/** What an agent is doing, as an event of its tells. */
export interface Work {
  /** The tool that it calls. */
  readonly tool: string | null;
  /** The beginning of what it says. */
  readonly says: string | null;
}

/** Characters of what an agent says; Paperclip shows 220 (2026.916.1). */
const SAYS = 220;

/** Null when a line of stream-json tells nothing of it. */
export function workOf(line: string): Work | null {
  let tool: string | null = null;
  let says: string | null = null;
  for (const entry of parseStdoutLine(line, "")) {
    if (entry.kind === "tool_call") tool = clean(entry.name);
    if (entry.kind === "assistant") says = clean(entry.text.slice(0, SAYS)).trim() || null;
  }
  return tool || says ? { tool, says } : null;
}
