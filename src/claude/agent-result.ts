/** Tokens of one run, all models and subagents together. */
export interface AgentUsage {
  /** Neither read from nor written to the prompt cache. */
  readonly inputTokens: number;
  readonly cacheCreationTokens: number;
  readonly cacheReadTokens: number;
  readonly outputTokens: number;
}

/**
 * What the agent estimates it spent. `run`: this process alone. `session`: with everything an earlier process of a
 * resumed session spent (Claude Code's `total_cost_usd` goes on from the saved total: measured on 2.1.330).
 */
export interface AgentCost {
  readonly usd: number;
  readonly scope: "run" | "session";
}

/** Claude Code's last `result` event: its own structured word on how it ended. Null: the event had no such field. */
export interface TerminalResult {
  /** `success`, `error_max_turns`, `error_during_execution`, … `success` with `isError` is an error. */
  readonly subtype: string | null;
  readonly isError: boolean | null;
  /** `completed`, `max_turns`, `api_error`, `aborted_tools`, `prompt_too_long`, … */
  readonly terminalReason: string | null;
  readonly stopReason: string | null;
  readonly apiErrorStatus: number | null;
  /** The API's own `error.type`, such as `rate_limit_error`. */
  readonly apiErrorType: string | null;
  /** Claude Code's name of the cause, such as `usage_limit_reached`. */
  readonly apiError: string | null;
  readonly errors: readonly string[];
  readonly numTurns: number | null;
  readonly durationMs: number | null;
  /** The main loop alone, without subagents; the bill is AgentResult.usage. */
  readonly usage: AgentUsage | null;
  /** Dollars of the whole session, earlier processes included. */
  readonly totalCostUsd: number | null;
  /** By model: numbers and the provider's name, as Claude Code names them. Null: only the seal told of the result. */
  readonly modelUsage: Readonly<Record<string, Readonly<Record<string, number | string>>>> | null;
  readonly permissionDenials: readonly PermissionDenial[];
}

/** A tool call that the permission rules refused. */
export interface PermissionDenial {
  readonly tool: string;
  readonly toolUseId: string | null;
}

/** The newest `rate_limit_event`. */
export interface RateLimit {
  /** `allowed`, `allowed_warning`, `rejected`. */
  readonly status: string | null;
  /** Seconds since 1970. */
  readonly resetsAt: number | null;
  /** `five_hour`, `seven_day`, … */
  readonly type: string | null;
}

/** The newest `api_retry` event: Claude Code met an error of the API and tries again. */
export interface ApiRetry {
  readonly attempt: number | null;
  readonly maxRetries: number | null;
  readonly status: number | null;
  readonly error: string | null;
}

/**
 * How far the agent's stream got: `nothing` no event at all; `started` events (`init`, retries), but no word of a
 * model; `empty` the model's newest message had neither content nor output tokens; `content` a model answered.
 */
export type Progress = "nothing" | "started" | "empty" | "content";

/** What the agent said of itself, from its transcript, its seal, or both. Plain data; every field may be unknown. */
export interface AgentResult {
  /** The newest session id that an event named; null when none was, so that nothing is known of the session. */
  readonly sessionId: string | null;
  /** The model that `init` named. */
  readonly model: string | null;
  /** Where `init` says the key comes from: `ANTHROPIC_API_KEY`, …; `none` for a login. */
  readonly apiKeySource: string | null;
  /** Who served the model, such as `firstParty` or `bedrock`, as the result event's model usage says. */
  readonly servedBy: string | null;
  readonly progress: Progress;
  /** True when `init` was seen: the session exists from then on. Null: not known (only the seal spoke). */
  readonly init: boolean | null;
  readonly result: TerminalResult | null;
  /** `error` of the newest assistant event, such as `authentication_failed`, `billing_error`, `rate_limit`. */
  readonly assistantError: string | null;
  readonly rateLimit: RateLimit | null;
  readonly apiRetry: ApiRetry | null;
  readonly usage: AgentUsage | null;
  readonly cost: AgentCost | null;
  /** The result's text, else the end of what the assistant said; bounded. Never used to classify an answer. */
  readonly summary: string;
  /** Lines that were not a JSON object. */
  readonly malformedLines: number;
}

export const NO_RESULT: AgentResult = {
  sessionId: null,
  model: null,
  apiKeySource: null,
  servedBy: null,
  progress: "nothing",
  init: false,
  result: null,
  assistantError: null,
  rateLimit: null,
  apiRetry: null,
  usage: null,
  cost: null,
  summary: "",
  malformedLines: 0,
};

const RANK: Readonly<Record<Progress, number>> = { nothing: 0, started: 1, empty: 2, content: 3 };

/** Two sources on one agent: the transcript wins, the seal fills what it does not know. */
export function mergeResults(transcript: AgentResult, seal: AgentResult): AgentResult {
  return {
    sessionId: transcript.sessionId ?? seal.sessionId,
    model: transcript.model ?? seal.model,
    apiKeySource: transcript.apiKeySource ?? seal.apiKeySource,
    servedBy: transcript.servedBy ?? seal.servedBy,
    progress: RANK[seal.progress] > RANK[transcript.progress] ? seal.progress : transcript.progress,
    init: transcript.init || (seal.init ?? transcript.init),
    result: transcript.result ?? seal.result,
    assistantError: transcript.assistantError ?? seal.assistantError,
    rateLimit: transcript.rateLimit ?? seal.rateLimit,
    apiRetry: transcript.apiRetry ?? seal.apiRetry,
    usage: transcript.usage ?? seal.usage,
    cost: transcript.cost ?? seal.cost,
    // Without a result the transcript's text is what came before the end; the seal's text is the end itself.
    summary: transcript.result || !seal.result || seal.summary === "" ? transcript.summary : seal.summary,
    malformedLines: transcript.malformedLines,
  };
}
