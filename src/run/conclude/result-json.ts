/**
 * `resultJson` of a run: the verdict with all its evidence, and what Paperclip and its page read from the result of its own
 * Claude adapter (2026.916.1). Bounded, whatever the agent printed.
 */
import type { EarlierPod, Evidence } from "../observe/observe.ts";
import { type Completed, type Failure, timeOf, type Verdict } from "../verdict/verdict.ts";

/** Characters of `result`, of which the host shows 500; the whole answer is in `finalResponse`. */
const MAX_RESULT_CHARS = 4096;

export function resultJson(verdict: Verdict, evidence: Evidence): Record<string, unknown> {
  const { transcript, job, pod, seal, earlier } = evidence;
  return {
    verdict: verdict.kind,
    sentence: verdict.sentence,
    evidence: verdict.evidence,
    stopped: verdict.stopped,
    ...(verdict.kind === "completed" ? success(verdict) : failure(verdict)),
    ...reported(verdict),
    transcript: transcript && !verdict.noTranscript ? transcriptJson(transcript) : null,
    job: job ? { name: job.name, namespace: job.namespace, uid: job.uid } : null,
    pod: pod ? { name: pod.name, uid: pod.uid, node: pod.node } : null,
    ...(earlier.length > 0 ? { earlierPods: earlier.map(earlierPod) } : {}),
    ...(seal?.freshSession ? { freshSession: seal.freshSession } : {}),
    ...(seal?.workspace ? { workspace: { ...seal.workspace, ...(verdict.workLeft ?? {}) } } : {}),
    ...(verdict.cost?.scope === "session" ? { sessionCostUsd: verdict.cost.usd } : {}),
    ...cancellation(verdict, evidence),
  };
}

/** Each with what it spent, as far as it said so. */
function earlierPod({ name, uid, node, why, transcript, agent }: EarlierPod): Record<string, unknown> {
  const { sessionId, usage, cost } = agent;
  const spent = cost && { usd: cost.usd, of: cost.scope };
  return { name, uid, node, why, transcript: transcript && transcriptJson(transcript), sessionId, usage, cost: spent };
}

function success({ summary, endedBy }: Completed): Record<string, unknown> {
  const answer = summary.trim() === "" ? {} : { finalResponse: { disposition: "final", text: summary } };
  return {
    // Marked as final, it is posted whatever its first words are: the host withholds others that begin like a plan.
    ...answer,
    ...(summary === "" ? {} : { result: summary.slice(0, MAX_RESULT_CHARS) }),
    ...(endedBy ? { unmanagedBackgroundTask: unmanagedBackgroundTask(endedBy) } : {}),
  };
}

/** As Paperclip's own process runner tells it: the host then knows that nothing goes on in the background. */
function unmanagedBackgroundTask(signal: NonNullable<Completed["endedBy"]>): Record<string, unknown> {
  return {
    kind: "terminal_result_cleanup",
    stopped: true,
    stopReason: "unmanaged_background_task_stopped",
    reason: "unmanaged background task stopped; no durable live path",
    terminalResultSeen: true,
    signal,
    forceKilled: signal === "SIGKILL",
  };
}

/** No `result` or `message`: the host would post it as the agent's comment. */
function failure({ fix, code }: Failure): Record<string, unknown> {
  // Paperclip looks for this word to offer a continuation.
  return { fix, ...(code === "max_turns_exhausted" ? { stopReason: "max_turns_exhausted" } : {}) };
}

/** What the agent's result event reports, under Claude Code's own names. */
function reported({ result }: Verdict): Record<string, unknown> {
  if (!result) return {};
  const { usage, permissionDenials } = result;
  const all: Record<string, unknown> = {
    num_turns: result.numTurns,
    duration_ms: result.durationMs,
    total_cost_usd: result.totalCostUsd,
    usage: usage && {
      input_tokens: usage.inputTokens,
      cache_creation_input_tokens: usage.cacheCreationTokens,
      cache_read_input_tokens: usage.cacheReadTokens,
      output_tokens: usage.outputTokens,
    },
    modelUsage: result.modelUsage,
    permission_denials: permissionDenials.map(({ tool, toolUseId }) => ({ tool_name: tool, tool_use_id: toolUseId })),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
}

/** Without it the host answers an operator's Stop with 409: it wants to know that the agent is really stopped. */
function cancellation(verdict: Verdict, { acts, pod, job, logSeal }: Evidence): Record<string, unknown> {
  if (!acts.cancel || !verdict.stopped) return {};
  const seen = pod?.agent.terminated?.seenAt ?? logSeal?.seenAt ?? pod?.endedAt ?? job?.endedAt ?? acts.cancel.at;
  return { executionCancellation: { state: "acknowledged", acknowledgedAt: timeOf(Math.max(seen, acts.cancel.at)) } };
}

function transcriptJson(report: NonNullable<Evidence["transcript"]>): Record<string, unknown> {
  const { lines, file, unread } = report;
  const rest = { ...(unread === undefined ? {} : { unread }), ...(file === undefined ? {} : { file }) };
  switch (report.state) {
    case "complete": {
      const { state, ...proof } = report;
      return { complete: true, ...proof };
    }
    case "missing":
      return { complete: false, lines, missing: report.gaps, ...rest };
    case "unproven":
      return { complete: false, lines, missing: [], unproven: report.why, ...rest };
  }
}
