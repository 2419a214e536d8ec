import { isObject, type Json, parseObject } from "./json-line.ts";
import type { SealedAgent } from "./seal.ts";

type Result = NonNullable<SealedAgent["result"]>;

/**
 * What the agent says of itself in its stream-json, the newest of each. Only lines that may matter are parsed: the
 * order of keys is not fixed (a result may begin `{"duration_api_ms":…`, measured with 2.1.330), so the look for them
 * is anywhere in the line, never at its beginning.
 */
export class AgentFacts {
  known: SealedAgent = {};

  /** Spent by this run's processes so far: the sum of what each result event says it spent itself. */
  #runCostUsd: number | null = 0;

  /** Another process goes on: what the last one said of itself is forgotten, but for what it spent. */
  nextProcess(): void {
    this.known = {};
  }

  /** Looks at one line; true when it taught something new. `parse`: for a caller that has others look at it too. */
  see(line: Buffer, parse = (): Json | null => parseObject(line)): boolean {
    if (!this.#isRelevant(line)) return false;
    const event = parse();
    if (!event) return false;
    const seen = this.#learn(event);
    if (Object.keys(seen).length === 0) return false;
    this.known = { ...this.known, ...seen };
    return true;
  }

  #isRelevant(line: Buffer): boolean {
    if (line.includes('"result"') || line.includes('"init"') || line.includes('"rate_limit_event"')) return true;
    if (this.known.session_id === undefined && line.includes('"session_id"')) return true;
    return line.includes('"assistant"') && (this.known.content === undefined || line.includes('"error"'));
  }

  #learn(event: Json): SealedAgent {
    const session =
      this.known.session_id === undefined || event.type === "result" || event.subtype === "init"
        ? text("session_id", event.session_id)
        : {};
    switch (event.type) {
      case "result":
        return { ...session, result: { ...result(event), ...this.#spend(event) } };
      case "system":
        return event.subtype === "init" ? { ...session, ...text("model", event.model), init: true } : session;
      case "assistant":
        return { ...session, ...said(event), ...text("assistant_error", event.error) };
      case "rate_limit_event":
        return { ...session, rate_limit: rateLimit(event.rate_limit_info) };
      default:
        return session;
    }
  }

  #spend(event: Json): Pick<Result, "run_cost_usd"> {
    // A process that never asked a model has no such share, and an empty `modelUsage` (measured: an unknown session).
    const models = event.model_usage_since_last_result ?? (isEmpty(event.modelUsage) ? {} : undefined);
    if (!isObject(models) || this.#runCostUsd === null) this.#runCostUsd = null;
    else for (const model of Object.values(models)) this.#runCostUsd += cost(model);
    return this.#runCostUsd === null ? {} : { run_cost_usd: this.#runCostUsd };
  }
}

const cost = (model: unknown): number =>
  isObject(model) && typeof model.costUSD === "number" && Number.isFinite(model.costUSD) ? model.costUSD : 0;

/** Claude Code speaks as the model `<synthetic>` when it has an error to tell; only a real model's words are content. */
function said({ message }: Json): Pick<SealedAgent, "content"> {
  if (!isObject(message) || message.model === "<synthetic>") return {};
  return Array.isArray(message.content) && message.content.length > 0 ? { content: true } : {};
}

function rateLimit(info: unknown): NonNullable<SealedAgent["rate_limit"]> {
  if (!isObject(info)) return {};
  const word = (key: "status" | "rateLimitType") =>
    text(key, typeof info[key] === "string" ? info[key].slice(0, 64) : undefined);
  return { ...word("status"), ...number("resetsAt", info.resetsAt), ...word("rateLimitType") };
}

function result(event: Json): Result {
  return {
    ...text("subtype", event.subtype),
    ...(typeof event.is_error === "boolean" ? { is_error: event.is_error } : {}),
    ...number("num_turns", event.num_turns),
    ...number("duration_ms", event.duration_ms),
    ...number("total_cost_usd", event.total_cost_usd),
    ...(isObject(event.usage) ? { usage: usage(event.usage) } : {}),
    ...text("terminal_reason", event.terminal_reason),
    ...text("stop_reason", event.stop_reason),
    ...number("api_error_status", event.api_error_status),
    ...text("api_error", event.api_error),
    ...text("api_error_type", event.api_error_type),
    ...(typeof event.result === "string" ? { text: event.result } : {}),
    ...(Array.isArray(event.errors) ? { errors: event.errors.filter((error) => typeof error === "string") } : {}),
  };
}

const usage = (event: Json): NonNullable<Result["usage"]> => ({
  ...number("input_tokens", event.input_tokens),
  ...number("cache_creation_input_tokens", event.cache_creation_input_tokens),
  ...number("cache_read_input_tokens", event.cache_read_input_tokens),
  ...number("output_tokens", event.output_tokens),
});

function text<K extends string>(key: K, value: unknown): { [P in K]?: string } {
  return (typeof value === "string" ? { [key]: value } : {}) as { [P in K]?: string };
}

function number<K extends string>(key: K, value: unknown): { [P in K]?: number } {
  return (Number.isFinite(value) ? { [key]: value } : {}) as { [P in K]?: number };
}

const isEmpty = (value: unknown): boolean => isObject(value) && Object.keys(value).length === 0;
