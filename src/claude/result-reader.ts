import { type AgentResult, NO_RESULT } from "./agent-result.ts";
import { asAmount, asArray, asNumber, asObject, asText, firstChars, type Json, lastChars } from "./json.ts";
import {
  type AssistantEvent,
  asStreamEvent,
  type InitEvent,
  type OtherEvent,
  type ResultEvent,
  type RetryEvent,
  type StreamEvent,
  SYNTHETIC_MODEL,
} from "./protocol.ts";
import { isTerminal, readRateLimit, readTerminal } from "./result-fields.ts";
import { addResult, costOf, type Meter, NOTHING_USED } from "./usage.ts";

/** Reads the stdout of a run's Claude Code as it comes: one process, or two where the runner replaced a session. Memory does not grow with the run. */
export interface ResultReader {
  /** One line, without its newline. Never throws, whatever the bytes. */
  line(bytes: Uint8Array): void;
  /** What is known so far; may be asked at any time. */
  result(): AgentResult;
}

/** Bytes of the longest line that is looked into, as in the runner: no event that counts is longer. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;
const MAX_SAID_CHARS = 8 * 1024;
const MAX_ANSWER_CHARS = 64 * 1024;

interface State {
  known: AgentResult;
  meter: Meter;
  /** The end of what the assistant said, for a run without a result. */
  said: string;
  answer: string | null;
  /** Of the newest `init`. */
  initSession: string | null;
  /** Of the newest result. */
  resultSession: string | null;
  /** The newest message of the model, and whether any of its blocks had content. */
  message: { readonly id: string | null; readonly content: boolean } | null;
}

/**
 * @param parse what JSON a line holds; undefined = none
 */
export function createResultReader(parse: (line: Buffer) => unknown = parseJson): ResultReader {
  const state: State = {
    known: NO_RESULT,
    meter: NOTHING_USED,
    said: "",
    answer: null,
    initSession: null,
    resultSession: null,
    message: null,
  };
  return {
    line(bytes) {
      if (bytes.length > MAX_LINE_BYTES) return;
      const line = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const event = asStreamEvent(parse(line));
      if (event === null && isBlank(line)) return;
      if (event === null) state.known = { ...state.known, malformedLines: state.known.malformedLines + 1 };
      else read(state, event);
    },
    result() {
      const { known, meter, answer, said } = state;
      return { ...known, usage: meter.usage, cost: costOf(meter), summary: answer ?? said };
    },
  };
}

function parseJson(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString("utf8"));
  } catch {
    return undefined;
  }
}

const isBlank = (line: Buffer): boolean => line.toString("utf8").trim() === "";

function read(state: State, event: StreamEvent): void {
  const sessionId = asText(event.session_id, 256) ?? state.known.sessionId;
  const progress = state.known.progress === "nothing" ? "started" : state.known.progress;
  state.known = { ...state.known, sessionId, progress };
  switch (event.type) {
    case "assistant":
      readAssistant(state, event);
      return;
    case "stream_event":
      if (asObject(event.event)?.type === "content_block_delta") state.known = { ...state.known, progress: "content" };
      return;
    case "rate_limit_event":
      state.known = { ...state.known, rateLimit: readRateLimit(event.rate_limit_info) ?? state.known.rateLimit };
      return;
    case "result":
      readResult(state, event);
      return;
    case "system":
      readSystem(state, event);
      return;
    case "user":
    case "unknown":
      return;
  }
}

function readSystem(state: State, event: InitEvent | RetryEvent | OtherEvent): void {
  if (event.subtype === "init") {
    if (state.known.result && startsAnew(state, event)) forgetAttempt(state);
    state.initSession = asText(event.session_id, 256);
    const model = asText(event.model, 256) ?? state.known.model;
    state.known = { ...state.known, init: true, model, apiKeySource: asText(event.apiKeySource, 256) };
  }
  if (event.subtype === "api_retry") {
    const apiRetry = {
      attempt: asAmount(event.attempt),
      maxRetries: asAmount(event.max_retries),
      status: asNumber(event.error_status),
      error: asText(event.error, 256),
    };
    state.known = { ...state.known, apiRetry };
  }
}

/** A process of another session: the runner replaced one that could not be resumed. */
function startsAnew(state: State, event: InitEvent): boolean {
  const before = state.initSession ?? state.resultSession;
  return before !== asText(event.session_id, 256);
}

/** What it used still counts; how it ended is not how this run ends. */
function forgetAttempt(state: State): void {
  state.known = { ...state.known, progress: "started", result: null, assistantError: null, apiRetry: null };
  state.said = "";
  state.answer = null;
  state.message = null;
}

function readAssistant(state: State, event: AssistantEvent): void {
  const message = asObject(event.message);
  const blocks = asArray(message?.content).map(asObject);
  const subagent = typeof event.parent_tool_use_id === "string";
  if (message && message.model !== SYNTHETIC_MODEL) noteContent(state, message, blocks.some(hasContent), subagent);
  if (subagent) return;
  state.known = { ...state.known, assistantError: asText(event.error, 256) };
  const texts = blocks.flatMap((block) => (typeof block?.text === "string" ? [block.text] : []));
  state.said = lastChars([state.said, ...texts].filter((text) => text !== "").join("\n\n"), MAX_SAID_CHARS);
}

function noteContent(state: State, message: Json, content: boolean, subagent: boolean): void {
  if (content) state.known = { ...state.known, progress: "content" };
  if (subagent) return;
  const id = asText(message.id, 256);
  const hadContent = state.message !== null && state.message.id === id && state.message.content;
  state.message = { id, content: content || hadContent };
  const tokens = asAmount(asObject(message.usage)?.output_tokens) ?? 0;
  if (!state.message.content && tokens === 0) state.known = { ...state.known, progress: "empty" };
}

/** A block of text or thinking may be there and empty; any other block is content. */
function hasContent(block: Json | null): boolean {
  if (!block) return false;
  const type = block.type;
  if (type === "text" || type === "thinking") return typeof block[type] === "string" && block[type].trim() !== "";
  return typeof type === "string";
}

function readResult(state: State, event: ResultEvent): void {
  const models = Object.values(asObject(event.modelUsage) ?? {}).map(asObject);
  const servedBy = asText(models.find((model) => model?.provider)?.provider, 64) ?? state.known.servedBy;
  const result = readTerminal(event);
  state.known = { ...state.known, servedBy };
  state.meter = addResult(state.meter, event);
  if (!isTerminal(result)) return;
  state.known = { ...state.known, result };
  state.resultSession = asText(event.session_id, 256);
  // A result without text (max turns) leaves what the assistant said last as the summary.
  state.answer =
    typeof event.result === "string" && event.result !== "" ? firstChars(event.result, MAX_ANSWER_CHARS) : null;
}
