/**
 * What lets Paperclip continue a task after a run that did not end well. Version 2026.916.1 knows from a list of its own
 * which adapters hold a conversation that can simply go on, and no adapter of others is on it: without these two
 * statements every failure, restart or crash blocks the task until a person has reconciled it (measured). We say what
 * the list says of claude_local, whose contract this is: the next run is a turn of the same conversation, the agent
 * decides what remains to be done, and nothing is replayed.
 */
import type { AdapterExecutionResult, AdapterRuntimeEvent } from "@paperclipai/adapter-utils";

/** For a run that dies without a result: Paperclip looks for it among the run's events. */
export const continuationEvidence: AdapterRuntimeEvent = {
  eventType: "adapter.invoke",
  stream: "system",
  level: "info",
  message:
    "claude_k8s runs Claude Code as claude_local does, so a lost run may be continued in its conversation (PAPERCLIP_K8S_AUTO_RECOVERY=off forbids it)",
  payload: {
    adapterType: "claude_local",
    actualAdapterType: "claude_k8s",
    why: "Paperclip 2026.916.1 continues lost runs only of adapter types on a list of its own; claude_k8s holds the contract of claude_local: the next run takes over the living Job, or resumes its session, and replays nothing",
    setting: "PAPERCLIP_K8S_AUTO_RECOVERY",
  },
};

const POLICY = "continue_conversation_v1";

/** The same for a run that ends with a result: on every one that Paperclip's own Claude adapter would have it on. */
export function withContinuation(result: AdapterExecutionResult): AdapterExecutionResult {
  const succeeded = result.exitCode === 0 && !result.errorCode && !result.timedOut;
  const cancelled = result.errorCode === "cancelled";
  const acknowledged = result.resultJson?.executionCancellation !== undefined;
  if (succeeded || (cancelled && !acknowledged)) return result;
  return { ...result, resultJson: { ...result.resultJson, conversationContinuation: POLICY } };
}
