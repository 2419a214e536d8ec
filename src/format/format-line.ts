import { parseStdoutLine, type RunEntry } from "../ui-parser.ts";
import { count, dollars, duration, plural } from "./numbers.ts";
import { type Style, styleOf } from "./style.ts";
import type { Excerpt, StyleOptions } from "./style-options.ts";
import { toolCall } from "./tool-call.ts";

export interface FormatOptions extends StyleOptions {
  /** What is shown of a tool's input or result, and of what Claude Code says in the user's name. @default 12 lines */
  readonly tools?: Excerpt;
  /** What is shown of the model's thoughts. @default all */
  readonly thoughts?: Excerpt;
  /** Also show events that only the machine needs. @default false */
  readonly debug?: boolean;
}

/**
 * Formats one line of Claude Code's stream-json for people: usually one line, more for longer text, none for what a
 * reader does not need. Whatever the model or a tool wrote cannot reach a terminal as an escape sequence.
 */
export function formatLine(line: string, options: FormatOptions = {}): string[] {
  if (line.length > LONGEST) return formatTooLong(line.length, options);
  const style = styleOf(options);
  const lines = formatEvent(line, options) ?? style.put("", line, style.colors.dim, style.colors.dim);
  return lines.length === 0 && options.debug && line !== "" ? style.put("debug", line, style.colors.dim) : lines;
}

/**
 * Like `formatLine`; null when the line is no event of Claude Code's that we know.
 *
 * @param parsed what JSON the line holds, by whoever has parsed it already; undefined = none
 */
export function formatEvent(line: string, options: FormatOptions, ...parsed: [] | [unknown]): string[] | null {
  // Only an event is an object; the adapter's own lines are not the agent's to write.
  if (!line.trimStart().startsWith("{")) return null;
  const entries = parseStdoutLine(line, "", ...parsed);
  if (entries.length > 0 && entries.every(({ kind }) => kind === "stdout")) return null;
  const style = styleOf(options);
  const lines = entries.slice(0, MOST_ENTRIES).flatMap((entry) => formatEntry(entry, style, options));
  const more = entries.length - MOST_ENTRIES;
  return more > 0 ? [...lines, ...style.put("", `… ${plural(more, "more block")}`, style.colors.dim)] : lines;
}

/** Blocks of one message that are shown; Claude Code writes one a line. */
const MOST_ENTRIES = 1000;

/** Characters of the longest line that is looked into. */
const LONGEST = 4 * 1024 * 1024;

/** What stands for a line that is too long to be looked into. */
export function formatTooLong(bytes: number, options: FormatOptions): string[] {
  const style = styleOf(options);
  const where = options.moreHint ? ` (${options.moreHint})` : "";
  return style.put("note", `A line of ${(bytes / 1e6).toFixed(1)} MB is not shown${where}`, style.colors.magenta);
}

/** Formats one line that Claude Code wrote to stderr. */
export function formatStderr(line: string, options: FormatOptions = {}): string[] {
  return formatEntry({ kind: "stderr", ts: "", text: line }, styleOf(options), options);
}

const WHOLE: Excerpt = { lines: Number.POSITIVE_INFINITY, columns: Number.POSITIVE_INFINITY };
const TWELVE_LINES: Excerpt = { ...WHOLE, lines: 12 };

function formatEntry(
  entry: RunEntry,
  style: Style,
  { tools = TWELVE_LINES, thoughts = WHOLE }: FormatOptions,
): string[] {
  const c = style.colors;
  switch (entry.kind) {
    case "init":
      return style.put("claude", initText(entry), c.blue);
    case "thinking":
      return style.putFirst("thinks", entry.text.replaceAll(/\n{2,}/g, "\n"), thoughts, c.dim, (text) =>
        c.dim(c.italic(text)),
      );
    case "assistant":
      return style.put("says", entry.text, c.green);
    case "user":
      // Nobody typed it: Claude Code puts the whole text of a skill there.
      return style.putFirst("user", entry.text, tools, c.dim, c.dim);
    case "tool_call":
      return style.putFirst("calls", toolCall(entry.name, entry.input), tools, c.yellow, c.yellow);
    case "tool_result":
      return formatToolResult(entry, tools, style);
    case "result":
      return formatResult(entry, style);
    case "system":
      return style.put("note", entry.text, c.magenta, c.magenta);
    case "stderr":
      return style.put("stderr", entry.text, c.red, c.dim);
    case "stdout":
      return style.put("", entry.text, c.dim, c.dim);
  }
}

type Entry<Kind> = Extract<RunEntry, { kind: Kind }>;

function initText({ sessionId, model, tools, mcpServers, mcpFailed }: Entry<"init">): string {
  const failed = mcpFailed.length > 0 ? ` (not there: ${mcpFailed.join(", ")})` : "";
  return [
    `session ${sessionId}`,
    model,
    ...(tools > 0 ? [plural(tools, "tool")] : []),
    ...(mcpServers > 0 ? [`${plural(mcpServers, "MCP server")}${failed}`] : []),
  ].join(" · ");
}

function formatToolResult({ content, isError }: Entry<"tool_result">, bound: Excerpt, style: Style): string[] {
  const paint = isError ? style.colors.red : style.colors.cyan;
  return style.putCut(isError ? "fails" : "gets", content.trim() ? content : "(nothing)", bound, paint, paint);
}

function formatResult(entry: Entry<"result">, style: Style): string[] {
  const c = style.colors;
  // Claude Code calls the end of a refused conversation a success, too.
  const subtype = entry.isError && entry.subtype === "success" ? "error" : entry.subtype;
  const cached = entry.cachedTokens > 0 ? ` (and ${count(entry.cachedTokens)} cached)` : "";
  const summary = [
    subtype,
    ...(entry.turns > 0 ? [plural(entry.turns, "turn")] : []),
    ...(entry.durationMs > 0 ? [duration(entry.durationMs)] : []),
    `${count(entry.inputTokens)} tokens in${cached}`,
    `${count(entry.outputTokens)} out`,
    dollars(entry.costUsd),
  ].join(" · ");
  if (!entry.isError) return style.put("result", summary, c.green);
  const reasons = entry.errors.length > 0 ? entry.errors : [entry.text].filter(Boolean);
  return style.put("result", [summary, ...reasons].join("\n"), c.red, c.red);
}
