/**
 * For which lost run a run without a task was asked. Of a wake-up that names no task Paperclip hands its reason on to the
 * adapter, and nothing else (measured on 2026.916.1).
 */
const REASON = "claude_k8s_job_without_run";

export const reasonOfWakeup = (lostRunId: string, taskId: string | null): string =>
  taskId === null ? `${REASON}:${lostRunId}` : REASON;

/** Null for every other reason. Anybody who may wake the agent can write one: no more than a hint. */
export const lostRunIn = (reason: string | null): string | null =>
  reason?.startsWith(`${REASON}:`) ? reason.slice(REASON.length + 1) : null;
