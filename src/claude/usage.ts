import type { AgentCost, AgentUsage } from "./agent-result.ts";
import { asAmount, asObject } from "./json.ts";
import type { ResultEvent } from "./protocol.ts";

/** Sums what the result events of one process say they used. */
export interface Meter {
  readonly usage: AgentUsage | null;
  readonly runCostUsd: number;
  readonly sessionCostUsd: number | null;
  /** True while every result event gave its own share, so that the sum is this process alone. */
  readonly exact: boolean;
}

export const NOTHING_USED: Meter = { usage: null, runCostUsd: 0, sessionCostUsd: null, exact: true };

export function addResult(meter: Meter, event: ResultEvent): Meter {
  // A process that never asked a model has no such share, and an empty `modelUsage` (measured: an unknown session).
  const share = asObject(event.model_usage_since_last_result) ?? (isEmpty(event.modelUsage) ? {} : null);
  const models = share ? Object.values(share).map(asObject) : null;
  const used = models ? models.map(readModelUsage).reduce(addUsage, NO_TOKENS) : readUsage(event.usage);
  const spent = models ? models.reduce((sum, model) => sum + (asAmount(model?.costUSD) ?? 0), 0) : 0;
  return {
    usage: used ? addUsage(meter.usage ?? NO_TOKENS, used) : meter.usage,
    runCostUsd: meter.runCostUsd + spent,
    sessionCostUsd: asAmount(event.total_cost_usd) ?? meter.sessionCostUsd,
    exact: meter.exact && models !== null,
  };
}

export function costOf(meter: Meter): AgentCost | null {
  if (meter.usage === null && meter.sessionCostUsd === null) return null;
  if (meter.exact) return { usd: meter.runCostUsd, scope: "run" };
  return meter.sessionCostUsd === null ? null : { usd: meter.sessionCostUsd, scope: "session" };
}

function isEmpty(value: unknown): boolean {
  const object = asObject(value);
  return object !== null && Object.keys(object).length === 0;
}

/** The API's own names. */
export function readUsage(value: unknown): AgentUsage | null {
  const usage = asObject(value);
  if (!usage) return null;
  return {
    inputTokens: asAmount(usage.input_tokens) ?? 0,
    cacheCreationTokens: asAmount(usage.cache_creation_input_tokens) ?? 0,
    cacheReadTokens: asAmount(usage.cache_read_input_tokens) ?? 0,
    outputTokens: asAmount(usage.output_tokens) ?? 0,
  };
}

function readModelUsage(model: Readonly<Record<string, unknown>> | null): AgentUsage {
  return {
    inputTokens: asAmount(model?.inputTokens) ?? 0,
    cacheCreationTokens: asAmount(model?.cacheCreationInputTokens) ?? 0,
    cacheReadTokens: asAmount(model?.cacheReadInputTokens) ?? 0,
    outputTokens: asAmount(model?.outputTokens) ?? 0,
  };
}

const NO_TOKENS: AgentUsage = { inputTokens: 0, cacheCreationTokens: 0, cacheReadTokens: 0, outputTokens: 0 };

function addUsage(one: AgentUsage, other: AgentUsage): AgentUsage {
  return {
    inputTokens: one.inputTokens + other.inputTokens,
    cacheCreationTokens: one.cacheCreationTokens + other.cacheCreationTokens,
    cacheReadTokens: one.cacheReadTokens + other.cacheReadTokens,
    outputTokens: one.outputTokens + other.outputTokens,
  };
}
