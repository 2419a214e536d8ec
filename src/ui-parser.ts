/**
 * The transcript parser that Paperclip's UI loads: one line of Claude Code's stream-json in, transcript entries out.
 *
 * The UI evaluates the built file in a Worker without modules and caches the answers by line and time stamp. So this
 * file imports nothing but types, keeps no state, touches no global beyond the language's own, and never throws.
 */
import type { TranscriptEntry } from "@paperclipai/adapter-utils";

type Entry<Kind> = Extract<TranscriptEntry, { kind: Kind }>;

/** The kinds of entry that a Claude Code run has, with what Paperclip's page has no place for. */
export type RunEntry =
  | Entry<"assistant" | "thinking" | "tool_call" | "tool_result" | "user" | "system" | "stderr" | "stdout">
  | (Entry<"init"> & {
      readonly tools: number;
      readonly mcpServers: number;
      /** Names of those that did not start. */
      readonly mcpFailed: readonly string[];
    })
  | (Entry<"result"> & {
      readonly turns: number;
      readonly durationMs: number;
    });

/** How the adapter marks its own few lines in the transcript. */
const OWN_LINE = "[paperclip] ";

type Json = Record<string, unknown>;

/** Characters of the longest line that is looked into: to parse a longer one would hold up the page. */
const LONGEST = 4 * 1024 * 1024;
/** Of a longer one, those that are shown. */
const BEGINNING = 1000;

/**
 * @param line one line of stdout, without its newline
 * @param ts the time stamp that the entries get
 * @param parsed what JSON the line holds, by whoever has parsed it already; undefined = none
 * @returns no entry for what only the machine needs; a `stdout` entry with the line as it is for anything unknown
 */
export function parseStdoutLine(line: string, ts: string, ...parsed: [] | [unknown]): RunEntry[] {
  if (line.length > LONGEST) return [{ kind: "stdout", ts, text: `${line.slice(0, BEGINNING)}… (${sizeOf(line)})` }];
  if (line.startsWith(OWN_LINE)) return [{ kind: "system", ts, text: line.slice(OWN_LINE.length) }];
  try {
    const event = parsed.length === 0 ? parseObject(line) : isObject(parsed[0]) ? parsed[0] : undefined;
    if (event) return entriesOf(event, ts) ?? [{ kind: "stdout", ts, text: line }];
  } catch {
    // JSON.stringify is recursive: JSON.parse takes values that are nested deeper than the stack.
  }
  return [{ kind: "stdout", ts, text: line }];
}

const sizeOf = (line: string): string => `a line of ${(line.length / 1e6).toFixed(1)} million characters`;

/** undefined: not an event that we know. */
function entriesOf(event: Json, ts: string): RunEntry[] | undefined {
  switch (event.type) {
    case "system":
      return systemEntries(event, ts);
    case "assistant":
      return blocksOf(event)?.flatMap((block) => assistantEntries(block, ts));
    case "user":
      return blocksOf(event)?.flatMap((block) => userEntries(block, ts));
    case "result":
      return [resultEntry(event, ts)];
    case "rate_limit_event":
      return rateLimitEntries(event, ts);
    // Pieces of an assistant line that follows whole.
    case "stream_event":
      return [];
    default:
      return undefined;
  }
}

function systemEntries(event: Json, ts: string): RunEntry[] | undefined {
  const system = (text: string): RunEntry[] => [{ kind: "system", ts, text }];
  switch (event.subtype) {
    case "init":
      return [initEntry(event, ts)];
    case "api_retry":
      return system(retryText(event));
    case "task_started":
      return system(`Task started: ${string(event.description)}`);
    case "task_notification":
      return system(`Task ${string(event.status)}: ${string(event.summary)}`);
    case "compact_boundary":
      return system("Earlier conversation compacted");
    // Progress that the transcript itself shows a moment later.
    case "status":
    case "thinking_tokens":
    case "task_progress":
    case "task_updated":
    case "background_tasks_changed":
      return [];
    default:
      return undefined;
  }
}

function initEntry(event: Json, ts: string): RunEntry {
  const servers = array(event.mcp_servers).filter(isObject);
  return {
    kind: "init",
    ts,
    model: string(event.model),
    sessionId: string(event.session_id),
    tools: array(event.tools).length,
    mcpServers: servers.length,
    mcpFailed: servers.filter(({ status }) => status === "failed").map(({ name }) => string(name)),
  };
}

function retryText(event: Json): string {
  const status = typeof event.error_status === "number" ? `answered ${event.error_status}` : "could not be reached";
  const seconds = (number(event.retry_delay_ms) / 1000).toFixed(1);
  const count = `${number(event.attempt)} of ${number(event.max_retries)}`;
  return `The model's API ${status} (${string(event.error)}); retry ${count} in ${seconds} s`;
}

function assistantEntries(block: Json, ts: string): RunEntry[] {
  switch (block.type) {
    case "text":
      return block.text ? [{ kind: "assistant", ts, text: string(block.text) }] : [];
    case "thinking":
      return block.thinking ? [{ kind: "thinking", ts, text: string(block.thinking) }] : [];
    case "redacted_thinking":
      return [{ kind: "thinking", ts, text: "(encrypted)" }];
    case "tool_use":
    case "server_tool_use":
    case "mcp_tool_use": {
      const call = { kind: "tool_call", ts, name: string(block.name), input: block.input ?? {} } as const;
      return [typeof block.id === "string" ? { ...call, toolUseId: block.id } : call];
    }
    default:
      return "tool_use_id" in block ? [toolResult(block, ts)] : [{ kind: "stdout", ts, text: JSON.stringify(block) }];
  }
}

function userEntries(block: Json, ts: string): RunEntry[] {
  if ("tool_use_id" in block) return [toolResult(block, ts)];
  const text = contentText([block]);
  return text ? [{ kind: "user", ts, text }] : [];
}

function toolResult(block: Json, ts: string): RunEntry {
  return {
    kind: "tool_result",
    ts,
    toolUseId: string(block.tool_use_id),
    content: contentText(block.content),
    isError: block.is_error === true,
  };
}

function resultEntry(event: Json, ts: string): RunEntry {
  const usage = object(event.usage);
  return {
    kind: "result",
    ts,
    text: string(event.result),
    inputTokens: number(usage.input_tokens) + number(usage.cache_creation_input_tokens),
    outputTokens: number(usage.output_tokens),
    cachedTokens: number(usage.cache_read_input_tokens),
    costUsd: number(event.total_cost_usd),
    subtype: string(event.subtype),
    isError: event.is_error === true,
    errors: array(event.errors).map(plain),
    turns: number(event.num_turns),
    durationMs: number(event.duration_ms),
  };
}

function rateLimitEntries(event: Json, ts: string): RunEntry[] {
  const limit = object(event.rate_limit_info);
  if (limit.status === "allowed") return [];
  const resetsAt = number(limit.resetsAt) * 1000;
  // A Date holds ±8.64e15 ms; beyond that toISOString throws.
  const when = resetsAt > 0 && resetsAt <= 8.64e15 ? `, resets ${new Date(resetsAt).toISOString()}` : "";
  return [{ kind: "system", ts, text: `Usage limit ${string(limit.rateLimitType)}: ${string(limit.status)}${when}` }];
}

/** Claude Code writes a message's content as a string or as blocks; undefined: neither. */
function blocksOf(event: Json): Json[] | undefined {
  const { content } = object(event.message);
  if (typeof content === "string") return [{ type: "text", text: content }];
  return Array.isArray(content) && content.every(isObject) ? content : undefined;
}

function contentText(content: unknown): string {
  if (!Array.isArray(content)) return content === undefined || content === null ? "" : plain(content);
  return content.map(partText).join("\n");
}

function partText(part: unknown): string {
  if (!isObject(part)) return plain(part);
  if (typeof part.text === "string") return part.text;
  return typeof part.type === "string" ? `[${part.type}]` : plain(part);
}

function parseObject(line: string): Json | undefined {
  // Most lines that are no event are cheap to tell: JSON.parse would throw.
  if (!line.trimStart().startsWith("{")) return undefined;
  try {
    return object(JSON.parse(line));
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function object(value: unknown): Json {
  return isObject(value) ? value : {};
}

function array(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function string(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function number(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

function plain(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
