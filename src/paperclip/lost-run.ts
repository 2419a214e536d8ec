/**
 * Why an agent was woken: for people who read the run. Of a wake-up that names no task Paperclip keeps its reason, and
 * nothing else (measured on 2026.916.1); so it names the lost run.
 */
const REASON = "claude_k8s_job_without_run";

export const reasonOfWakeup = (lostRunId: string, taskId: string | null): string =>
  taskId === null ? `${REASON}:${lostRunId}` : REASON;
