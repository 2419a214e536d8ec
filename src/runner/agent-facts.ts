import type { SealedAgent } from "./seal.ts";

type Result = NonNullable<SealedAgent["result"]>;
type Json = { readonly [key: string]: unknown };

/**
 * What the agent says of itself in its stream-json, the newest of each. Only lines that may matter are parsed: the
 * order of keys is not fixed (a result may begin `{"duration_api_ms":…`, measured with 2.1.330), so the look for them
 * is anywhere in the line, never at its beginning.
 */
export class AgentFacts {
  known: SealedAgent = {};

  /** Looks at one line; true when it taught something new. */
  see(line: Buffer): boolean {
    const mayMatter =
      line.includes('"result"') ||
      line.includes('"init"') ||
      (this.known.session_id === undefined && line.includes('"session_id"'));
    if (!mayMatter) return false;
    const event = parseObject(line);
    if (!event) return false;
    const seen = this.#learn(event);
    if (Object.keys(seen).length === 0) return false;
    this.known = { ...this.known, ...seen };
    return true;
  }

  #learn(event: Json): SealedAgent {
    const session = typeof event.session_id === "string" ? text("session_id", event.session_id) : {};
    if (event.type === "result") return { ...session, result: result(event) };
    if (event.type === "system" && event.subtype === "init") return { ...session, ...text("model", event.model) };
    return this.known.session_id === undefined ? session : {};
  }
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

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function parseObject(line: Buffer): Json | null {
  try {
    const value: unknown = JSON.parse(line.toString("utf8"));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
