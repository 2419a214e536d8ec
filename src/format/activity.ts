import { parseStdoutLine } from "../ui-parser.ts";
import { clean } from "./clean.ts";

/** What an agent is doing, as one event of its stream-json shows it. */
export interface Activity {
  /** Name of the tool that it calls; null = none. */
  readonly tool: string | null;
  /** The beginning of what it writes; null = nothing. */
  readonly text: string | null;
}

/** Characters of an agent's text; Paperclip shows 220 (2026.916.1). */
const TEXT = 220;

/** Null when a line of stream-json shows none. `parsed`: what JSON it holds. */
export function activityOf(line: string, parsed: unknown): Activity | null {
  let tool: string | null = null;
  let text: string | null = null;
  for (const entry of parseStdoutLine(line, "", parsed)) {
    if (entry.kind === "tool_call") tool = clean(entry.name);
    if (entry.kind === "assistant") text = clean(entry.text.slice(0, TEXT)).trim() || null;
  }
  return tool || text ? { tool, text } : null;
}
