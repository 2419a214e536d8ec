import { type AgentResult, NO_RESULT } from "./agent-result.ts";
import { asAmount, asBoolean, asObject, asText, type Json } from "./json.ts";
import { isTerminal, readRateLimit, readTerminal } from "./result-fields.ts";
import { readUsage } from "./usage.ts";

/**
 * What the runner's seal says of the agent, for the case that log lines are lost. The seal is read from a termination
 * message, which any program in the container may have written: every field is checked.
 */
export function fromSeal(words: unknown): AgentResult {
  const said = asObject(words);
  if (!said) return { ...NO_RESULT, init: null };
  const result = asObject(said.result);
  const terminal = result ? readTerminal(result) : null;
  const init = asBoolean(said.init);
  return {
    ...NO_RESULT,
    sessionId: asText(said.session_id, 256),
    model: asText(said.model, 256),
    progress: said.content === true ? "content" : init || result || said.session_id ? "started" : "nothing",
    init,
    result: terminal && isTerminal(terminal) ? terminal : null,
    assistantError: asText(said.assistant_error, 256),
    rateLimit: readRateLimit(said.rate_limit),
    usage: readUsage(result?.usage),
    cost: readCost(result),
    summary: asText(result?.text, 4096) ?? "",
  };
}

function readCost(result: Json | null): AgentResult["cost"] {
  const run = asAmount(result?.run_cost_usd);
  if (run !== null) return { usd: run, scope: "run" };
  const session = asAmount(result?.total_cost_usd);
  return session === null ? null : { usd: session, scope: "session" };
}
