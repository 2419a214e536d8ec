import type { AdapterBillingType, AdapterExecutionResult } from "@paperclipai/adapter-utils";
import type { Evidence } from "./evidence.ts";
import type { Failure, Verdict } from "./verdict/types.ts";

/** What the verdict does not know and the host wants to. */
export interface ResultContext {
  readonly evidence: Evidence;
  /** Who is billed; Claude Code's key or login decides. */
  readonly biller: string;
  readonly billingType: AdapterBillingType;
  /** What the session codec stores with the session id, such as `cwd`. */
  readonly sessionParams: Readonly<Record<string, unknown>>;
  /** Further keys of `resultJson`, such as `conversationContinuation`; they win. @default {} */
  readonly resultJson?: Readonly<Record<string, unknown>>;
  /** Milliseconds since 1970: when a cancellation is acknowledged. */
  readonly now: number;
}

/** The verdict in the host's terms. */
export function toExecutionResult(verdict: Verdict, context: ResultContext): AdapterExecutionResult {
  const failure = verdict.kind === "completed" ? null : verdict;
  const { sessionId, usage } = verdict;
  return {
    exitCode: verdict.exitCode,
    signal: verdict.signal,
    timedOut: failure?.timedOut ?? false,
    errorMessage: failure?.sentence ?? null,
    errorCode: failure?.code ?? null,
    errorFamily: failure?.errorFamily ?? null,
    retryNotBefore: failure?.retryNotBefore ?? null,
    ...(failure?.executionRecovery ? { executionRecovery: failure.executionRecovery } : {}),
    ...(usage
      ? {
          usage: {
            inputTokens: usage.inputTokens + usage.cacheCreationTokens,
            outputTokens: usage.outputTokens,
            cachedInputTokens: usage.cacheReadTokens,
          },
          usageBasis: "per_run" as const,
        }
      : {}),
    sessionId,
    sessionParams: sessionId === null ? null : { ...context.sessionParams, sessionId },
    sessionDisplayId: sessionId,
    provider: "anthropic",
    biller: context.biller,
    billingType: context.billingType,
    model: verdict.model,
    costUsd: costOfRun(verdict, context.evidence),
    resultJson: { ...resultJson(verdict, failure, context), ...context.resultJson },
    summary: verdict.summary === "" ? null : verdict.summary,
    clearSession: failure?.clearSession ?? false,
  };
}

/** The total of a resumed session holds what earlier runs reported already: better no figure than a second time. */
function costOfRun({ cost }: Verdict, { run }: Evidence): number | null {
  if (!cost) return null;
  return cost.scope === "session" && run.resumedSessionId !== null ? null : cost.usd;
}

function resultJson(verdict: Verdict, failure: Failure | null, context: ResultContext): Record<string, unknown> {
  const { transcript, job, pod } = context.evidence;
  return {
    verdict: verdict.kind,
    sentence: verdict.sentence,
    evidence: verdict.evidence,
    ...(failure ? { fix: failure.fix } : {}),
    transcript,
    job: job ? { name: job.name, namespace: job.namespace, uid: job.uid } : null,
    pod: pod ? { name: pod.name, uid: pod.uid, node: pod.node } : null,
    ...(verdict.cost?.scope === "session" ? { sessionCostUsd: verdict.cost.usd } : {}),
    // Paperclip looks for this word to offer a continuation.
    ...(failure?.code === "max_turns_exhausted" ? { stopReason: "max_turns_exhausted" } : {}),
    ...cancellation(verdict, context.now),
  };
}

/** Without it the host answers an operator's Stop with 409: it wants to know that the agent is really stopped. */
function cancellation(verdict: Verdict, now: number): Record<string, unknown> {
  if (verdict.kind !== "cancelled" || !verdict.stopped) return {};
  return { executionCancellation: { state: "acknowledged", acknowledgedAt: new Date(now).toISOString() } };
}
