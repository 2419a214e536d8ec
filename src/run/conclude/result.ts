import type { AdapterExecutionResult } from "@paperclipai/adapter-utils";
import type { Evidence } from "../observe/observe.ts";
import { type Failure, timeOf, type Verdict } from "../verdict/verdict.ts";

/**
 * The verdict in the host's terms. `session` is what the session codec stores with the session's id. What the host is
 * to do next (`conversationContinuation`) is the caller's to add to `resultJson`.
 */
export function toExecutionResult(verdict: Verdict, evidence: Evidence, session: object): AdapterExecutionResult {
  const failure = verdict.kind === "completed" ? null : verdict;
  const { sessionId } = verdict;
  return {
    exitCode: verdict.exitCode,
    signal: verdict.signal,
    timedOut: failure?.timedOut ?? false,
    errorMessage: failure ? errorMessage(failure) : null,
    errorCode: failure?.code ?? null,
    errorFamily: failure?.errorFamily ?? null,
    retryNotBefore: failure?.retryNotBefore ?? null,
    ...(failure?.executionRecovery ? { executionRecovery: failure.executionRecovery } : {}),
    ...usageOf(verdict),
    sessionId,
    sessionParams: sessionId === null ? null : { ...session, sessionId },
    sessionDisplayId: sessionId,
    provider: "anthropic",
    ...billing(evidence),
    model: verdict.model,
    costUsd: costOfRun(verdict, evidence),
    resultJson: resultJson(verdict, failure, evidence),
    summary: verdict.summary === "" ? null : verdict.summary,
    clearSession: failure?.clearSession ?? false,
  };
}

/** What happened, how we know, and what to do: all that an operator sees of a failed run at first sight. */
function errorMessage({ sentence, evidence, fix }: Failure): string {
  const known = evidence.length > 0 ? `\nHow we know: ${evidence.join("; ")}.` : "";
  return `${sentence}${known}\nWhat to do: ${fix}`;
}

function usageOf({ usage }: Verdict): Pick<AdapterExecutionResult, "usage" | "usageBasis"> {
  if (!usage) return {};
  const { inputTokens, cacheCreationTokens, cacheReadTokens, outputTokens } = usage;
  // Paperclip has no field for writing to the prompt cache; its own Claude adapter counts that as input.
  const input = inputTokens + cacheCreationTokens;
  return { usage: { inputTokens: input, outputTokens, cachedInputTokens: cacheReadTokens }, usageBasis: "per_run" };
}

function billing({ agent }: Evidence): Pick<AdapterExecutionResult, "biller" | "billingType"> {
  if (agent?.servedBy === "bedrock") return { biller: "aws_bedrock", billingType: "metered_api" };
  if (!agent?.apiKeySource) return { biller: "anthropic", billingType: "unknown" };
  return { biller: "anthropic", billingType: agent.apiKeySource === "none" ? "subscription" : "api" };
}

/** The total of a resumed session holds what earlier runs reported already: better no figure than a second time. */
function costOfRun({ cost }: Verdict, { run }: Evidence): number | null {
  if (!cost) return null;
  return cost.scope === "session" && run.resumedSessionId !== null ? null : cost.usd;
}

function resultJson(verdict: Verdict, failure: Failure | null, evidence: Evidence): Record<string, unknown> {
  const { transcript, job, pod } = evidence;
  return {
    verdict: verdict.kind,
    sentence: verdict.sentence,
    evidence: verdict.evidence,
    ...(failure ? { fix: failure.fix } : {}),
    transcript: transcript ? transcriptJson(transcript) : null,
    job: job ? { name: job.name, namespace: job.namespace, uid: job.uid } : null,
    pod: pod ? { name: pod.name, uid: pod.uid, node: pod.node } : null,
    ...(verdict.cost?.scope === "session" ? { sessionCostUsd: verdict.cost.usd } : {}),
    // Paperclip looks for this word to offer a continuation.
    ...(failure?.code === "max_turns_exhausted" ? { stopReason: "max_turns_exhausted" } : {}),
    ...cancellation(verdict, evidence),
  };
}

/** Without it the host answers an operator's Stop with 409: it wants to know that the agent is really stopped. */
function cancellation(verdict: Verdict, { acts, pod, job }: Evidence): Record<string, unknown> {
  if (!acts.cancel || !verdict.stopped) return {};
  const seen = pod?.agent.terminated?.seenAt ?? pod?.endedAt ?? job?.endedAt ?? acts.cancel.at;
  return { executionCancellation: { state: "acknowledged", acknowledgedAt: timeOf(Math.max(seen, acts.cancel.at)) } };
}

function transcriptJson(report: NonNullable<Evidence["transcript"]>): Record<string, unknown> {
  const { lines, file } = report;
  const where = file === undefined ? {} : { file };
  switch (report.state) {
    case "complete": {
      const { state, ...proof } = report;
      return { complete: true, ...proof };
    }
    case "missing":
      return { complete: false, lines, missing: report.gaps, ...where };
    case "unproven":
      return { complete: false, lines, missing: [], unproven: report.why, ...where };
  }
}
