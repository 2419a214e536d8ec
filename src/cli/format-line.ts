import picocolors from "picocolors";
import { parseStdoutLine, type RunEntry } from "../ui-parser.ts";
import { clean } from "./clean.ts";
import { ellipsis, wrap } from "./wrap.ts";

export interface FormatOptions {
  /** @default false */
  readonly color?: boolean;
  /** Columns of the terminal: longer text is wrapped. @default no limit */
  readonly width?: number;
  /** Lines shown of one tool result. @default 12 */
  readonly resultLines?: number;
  /** Also show events that only the machine needs. @default false */
  readonly debug?: boolean;
}

/** The label column: the longest label and a space on each side. */
const LABEL = 8;

/**
 * Formats one line of Claude Code's stream-json for a terminal: usually one line, more for longer text, none for what a
 * reader does not need. Whatever the model or a tool wrote cannot reach the terminal as an escape sequence.
 */
export function formatLine(line: string, options: FormatOptions = {}): string[] {
  const style = styleOf(options);
  const lines = parseStdoutLine(line, "").flatMap((entry) => formatEntry(entry, style));
  return lines.length === 0 && options.debug && line !== "" ? style.put("debug", line, style.colors.dim) : lines;
}

/** Formats one line that Claude Code wrote to stderr. */
export function formatStderr(line: string, options: FormatOptions = {}): string[] {
  return formatEntry({ kind: "stderr", ts: "", text: line }, styleOf(options));
}

type Colors = ReturnType<typeof picocolors.createColors>;
type Paint = (text: string) => string;

interface Style {
  readonly colors: Colors;
  readonly resultLines: number;
  /** Puts cleaned, wrapped text beside a label. */
  put(label: string, text: string, labelPaint: Paint, textPaint?: Paint): string[];
  /** Puts text of which each line stays one line, cut where the terminal ends. */
  putCut(label: string, text: string, labelPaint: Paint, textPaint?: Paint): string[];
}

function styleOf(options: FormatOptions): Style {
  const width = Math.max(20, (options.width ?? Number.POSITIVE_INFINITY) - LABEL);
  const lay = (label: string, lines: readonly string[], labelPaint: Paint, textPaint: Paint): string[] =>
    lines.map((text, index) => labelPaint((index === 0 ? label : "").padEnd(LABEL)) + (text && textPaint(text)));
  return {
    colors: picocolors.createColors(options.color ?? false),
    resultLines: options.resultLines ?? 12,
    put: (label, text, labelPaint, textPaint = same) =>
      lay(
        label,
        tidy(text).flatMap((line) => wrap(line, width)),
        labelPaint,
        textPaint,
      ),
    putCut: (label, text, labelPaint, textPaint = same) =>
      lay(
        label,
        tidy(text).map((line) => ellipsis(line, width)),
        labelPaint,
        textPaint,
      ),
  };
}

function formatEntry(entry: RunEntry, style: Style): string[] {
  const c = style.colors;
  switch (entry.kind) {
    case "init":
      return style.put("claude", `session ${entry.sessionId} · ${entry.model}`, c.blue);
    case "thinking":
      return style.put("thinks", entry.text, c.dim, (text) => c.dim(c.italic(text)));
    case "assistant":
      return style.put("says", entry.text, c.green);
    case "user":
      return style.put("user", entry.text, c.dim, c.dim);
    case "tool_call":
      return style.put("calls", callText(entry.name, entry.input), c.yellow, c.yellow);
    case "tool_result":
      return formatToolResult(entry.content, entry.isError, style);
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

function callText(name: string, input: unknown): string {
  const { command, description } = (input ?? {}) as { command?: unknown; description?: unknown };
  if (name !== "Bash" || typeof command !== "string") return `${name} ${JSON.stringify(input)}`;
  const remark = typeof description === "string" && description !== "" ? `  # ${description}` : "";
  return `$ ${command}${remark}`;
}

function formatToolResult(content: string, isError: boolean, style: Style): string[] {
  const c = style.colors;
  const paint = isError ? c.red : c.cyan;
  const all = tidy(content);
  const shown = all.slice(0, style.resultLines);
  const more = all.length - shown.length;
  const lines = style.putCut(isError ? "fails" : "gets", shown.join("\n") || "(nothing)", paint, paint);
  return more > 0 ? [...lines, c.dim(`${" ".repeat(LABEL)}… ${more} more ${more === 1 ? "line" : "lines"}`)] : lines;
}

function formatResult(entry: Extract<RunEntry, { kind: "result" }>, style: Style): string[] {
  const c = style.colors;
  const cached = entry.cachedTokens > 0 ? ` (and ${count(entry.cachedTokens)} cached)` : "";
  const numbers = `${count(entry.inputTokens)} tokens in${cached} · ${count(entry.outputTokens)} out · ${dollars(entry.costUsd)}`;
  if (!entry.isError) return style.put("result", `${entry.subtype} · ${numbers}`, c.green);
  // Claude Code calls the end of a refused conversation a success, too.
  const subtype = entry.subtype === "success" ? "error" : entry.subtype;
  const reasons = entry.errors.length > 0 ? entry.errors : [entry.text].filter(Boolean);
  return style.put("result", [`${subtype} · ${numbers}`, ...reasons].join("\n"), c.red, c.red);
}

/** Lines of cleaned text, without empty ones around it. */
function tidy(text: string): string[] {
  return clean(text)
    .replace(/^\n+|\s+$/g, "")
    .split("\n");
}

export function count(tokens: number): string {
  return tokens.toLocaleString("en-US");
}

export function dollars(amount: number): string {
  return `$${amount.toFixed(4)}`;
}

function same(text: string): string {
  return text;
}
