/**
 * The events of `claude --output-format stream-json --verbose` (2.1.330), as far as this adapter reads them: one JSON
 * object per line. The order of keys is not fixed (a result line may begin with `duration_api_ms`), every field may be
 * missing, and unknown types and fields come with each version: nothing here is promised, all of it is checked.
 */
export type StreamEvent =
  | InitEvent
  | RetryEvent
  | AssistantEvent
  | PartialEvent
  | RateLimitEvent
  | ResultEvent
  | OtherEvent;

interface Named {
  readonly session_id?: unknown;
}

/** The first line of a session that exists. */
export interface InitEvent extends Named {
  readonly type: "system";
  readonly subtype: "init";
  readonly model?: unknown;
  readonly apiKeySource?: unknown;
}

/** The API refused a request or did not answer; Claude Code tries again (10 times take about 175 s, measured). */
export interface RetryEvent extends Named {
  readonly type: "system";
  readonly subtype: "api_retry";
  readonly attempt?: unknown;
  readonly max_retries?: unknown;
  readonly error_status?: unknown;
  readonly error?: unknown;
}

/** One content block of a message: several events share one message id. */
export interface AssistantEvent extends Named {
  readonly type: "assistant";
  readonly message?: unknown;
  /** Set when a subagent speaks. */
  readonly parent_tool_use_id?: unknown;
  /** Set when Claude Code itself speaks of an API error; the message's model is then `<synthetic>`. */
  readonly error?: unknown;
}

/** Only with `--include-partial-messages`. */
export interface PartialEvent extends Named {
  readonly type: "stream_event";
  readonly event?: unknown;
}

export interface RateLimitEvent extends Named {
  readonly type: "rate_limit_event";
  readonly rate_limit_info?: unknown;
}

/** The end of a turn. Several may come in one process; the last one counts. */
export interface ResultEvent extends Named {
  readonly type: "result";
  readonly subtype?: unknown;
  readonly is_error?: unknown;
  readonly result?: unknown;
  readonly errors?: unknown;
  readonly terminal_reason?: unknown;
  readonly stop_reason?: unknown;
  readonly api_error_status?: unknown;
  readonly api_error_type?: unknown;
  readonly api_error?: unknown;
  readonly num_turns?: unknown;
  readonly duration_ms?: unknown;
  readonly permission_denials?: unknown;
  /** The main loop alone, without subagents. */
  readonly usage?: unknown;
  /** Goes on from the total that a resumed session saved. */
  readonly total_cost_usd?: unknown;
  /** Per model; counts like `total_cost_usd`. */
  readonly modelUsage?: unknown;
  /** Per model, this process alone since its previous result. */
  readonly model_usage_since_last_result?: unknown;
}

export interface OtherEvent extends Named {
  readonly type: "user" | "system" | "unknown";
  readonly subtype?: "other";
}

/** The model name of messages that Claude Code writes itself. */
export const SYNTHETIC_MODEL = "<synthetic>";

/** Names an event; null when the value is not an object. */
export function asStreamEvent(value: unknown): StreamEvent | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const { type, subtype } = value as { type?: unknown; subtype?: unknown };
  switch (type) {
    case "assistant":
    case "stream_event":
    case "rate_limit_event":
    case "result":
      return value as StreamEvent;
    case "system":
      return subtype === "init" || subtype === "api_retry"
        ? (value as StreamEvent)
        : { ...named(value), type: "system" };
    default:
      return { ...named(value), type: type === "user" ? "user" : "unknown" };
  }
}

function named(value: Named): Named {
  return { session_id: value.session_id };
}
