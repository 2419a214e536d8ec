/** One run in several pods, because its queue took some of them back: what their agents said together. Pure. */
import type { AgentCost, AgentResult, AgentUsage } from "../../claude/claude-code.ts";
import type { EarlierPod } from "../observe/observe.ts";

/** The last pod's agent, with the session that it would have gone on in, and with what all of them have spent. */
export function withEarlier(last: AgentResult, earlier: readonly EarlierPod[]): AgentResult {
  if (earlier.length === 0) return last;
  const all = [...earlier.map(({ agent }) => agent), last];
  const newest = <T>(of: (agent: AgentResult) => T | null): T | null =>
    all.map(of).findLast((one) => one !== null) ?? null;
  return {
    ...last,
    sessionId: newest(({ sessionId }) => sessionId),
    model: newest(({ model }) => model),
    apiKeySource: newest(({ apiKeySource }) => apiKeySource),
    servedBy: newest(({ servedBy }) => servedBy),
    usage: all.reduce<AgentUsage | null>((sum, { usage }) => added(sum, usage), null),
    cost: costOf(all),
  };
}

function added(one: AgentUsage | null, other: AgentUsage | null): AgentUsage | null {
  if (!one || !other) return one ?? other;
  return {
    inputTokens: one.inputTokens + other.inputTokens,
    cacheCreationTokens: one.cacheCreationTokens + other.cacheCreationTokens,
    cacheReadTokens: one.cacheReadTokens + other.cacheReadTokens,
    outputTokens: one.outputTokens + other.outputTokens,
  };
}

/** A session's total has all that was spent in it before; what is of one process alone adds up. */
function costOf(all: readonly AgentResult[]): AgentCost | null {
  const sessions = new Map<string | null, AgentCost>();
  for (const { sessionId, cost } of all) {
    if (!cost) continue;
    const before = sessions.get(sessionId);
    const usd = cost.scope === "session" ? cost.usd : (before?.usd ?? 0) + cost.usd;
    sessions.set(sessionId, { usd, scope: before?.scope === "session" ? "session" : cost.scope });
  }
  const costs = [...sessions.values()];
  if (costs.length === 0) return null;
  const usd = costs.reduce((sum, cost) => sum + cost.usd, 0);
  return { usd, scope: costs.some(({ scope }) => scope === "session") ? "session" : "run" };
}
