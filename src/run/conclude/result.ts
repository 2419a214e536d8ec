import type { AdapterExecutionResult } from "@paperclipai/adapter-utils";
import type { Evidence } from "../observe/observe.ts";
import type { Verdict } from "../verdict/verdict.ts";
import { errorMessage } from "./error-message.ts";
import { resultJson } from "./result-json.ts";
import { storable } from "./storable.ts";

/** Characters of the summary, which the host keeps beside the whole answer (`resultJson.finalResponse`). */
const MAX_SUMMARY_CHARS = 8192;

/**
 * The verdict in the host's terms. `session` is what the session codec stores with the session's id. What the host is
 * to do next (`conversationContinuation`) is the caller's to add to `resultJson`.
 */
export function toExecutionResult(verdict: Verdict, evidence: Evidence, session: object): AdapterExecutionResult {
  const failure = verdict.kind === "completed" ? null : verdict;
  return storable({
    exitCode: verdict.exitCode,
    signal: verdict.signal,
    timedOut: failure?.timedOut ?? false,
    errorMessage: failure ? errorMessage(failure) : null,
    errorCode: failure?.code ?? null,
    errorFamily: failure?.errorFamily ?? null,
    retryNotBefore: failure?.retryNotBefore ?? null,
    ...(failure?.executionRecovery ? { executionRecovery: failure.executionRecovery } : {}),
    ...usageOf(verdict),
    ...sessionOf(verdict, session),
    provider: "anthropic",
    ...billing(evidence),
    model: verdict.model,
    costUsd: costOfRun(verdict, evidence),
    resultJson: resultJson(verdict, evidence),
    // The host posts it as the agent's comment, whatever became of the run: only an answer is one.
    summary: failure || verdict.summary === "" ? null : verdict.summary.slice(0, MAX_SUMMARY_CHARS),
    clearSession: failure?.clearSession ?? false,
  });
}

/** What the columns of the host's ledger hold: 32-bit integers of tokens and of cents (2026.916.1). */
const MAX_INTEGER = 2 ** 31 - 1;
const MAX_USD = Math.floor(MAX_INTEGER / 100);

/** The figures are the agent's own: one that the ledger refuses would cost the run its place in it, session and all. */
const ledgerInteger = (amount: number): number => Math.min(Math.round(amount), MAX_INTEGER);

type SessionFields = Pick<AdapterExecutionResult, "sessionId" | "sessionParams" | "sessionDisplayId">;

/**
 * A run that says nothing of a session leaves the fields out: the host takes null for an order to forget the task's session,
 * and undefined for none (2026.916.1).
 */
function sessionOf(verdict: Verdict, session: object): SessionFields {
  const { sessionId } = verdict;
  if (sessionId !== null) return { sessionId, sessionParams: { ...session, sessionId }, sessionDisplayId: sessionId };
  const forget = verdict.kind !== "completed" && verdict.clearSession;
  return forget ? { sessionId: null, sessionParams: null, sessionDisplayId: null } : {};
}

function usageOf({ usage }: Verdict): Pick<AdapterExecutionResult, "usage" | "usageBasis"> {
  if (!usage) return {};
  const { inputTokens, cacheCreationTokens, cacheReadTokens, outputTokens } = usage;
  // Paperclip has no field for writing to the prompt cache; its own Claude adapter counts that as input.
  const inLedger = {
    inputTokens: ledgerInteger(inputTokens + cacheCreationTokens),
    outputTokens: ledgerInteger(outputTokens),
    cachedInputTokens: ledgerInteger(cacheReadTokens),
  };
  return { usage: inLedger, usageBasis: "per_run" };
}

function billing({ agent }: Evidence): Pick<AdapterExecutionResult, "biller" | "billingType"> {
  if (agent?.servedBy === "bedrock") return { biller: "aws_bedrock", billingType: "metered_api" };
  if (!agent?.apiKeySource) return { biller: "anthropic", billingType: "unknown" };
  return { biller: "anthropic", billingType: agent.apiKeySource === "none" ? "subscription" : "api" };
}

/**
 * The total of a resumed session holds what earlier runs reported already: better no figure than a second time. A session
 * that was replaced is none of theirs.
 */
function costOfRun({ cost }: Verdict, { run, seal }: Evidence): number | null {
  if (!cost) return null;
  const resumed = run.resumedSessionId !== null && seal?.freshSession === undefined;
  if (cost.scope === "session" && resumed) return null;
  // Whoever claims such a sum has no figure: as a sum it would stop all agents whose budget it is taken from.
  return cost.usd <= MAX_USD ? cost.usd : null;
}
