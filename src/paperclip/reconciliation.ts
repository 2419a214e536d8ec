/**
 * With PAPERCLIP_K8S_AUTO_RECOVERY=off Paperclip (2026.916.1) holds the task of a failed or lost run back until somebody
 * says what that run did. Its page shows a Retry that it then refuses, and nothing else to press (measured): so the task's
 * page is told the command.
 */
import type { AdapterExecutionResult } from "@paperclipai/adapter-utils";
import { withContinuation } from "./continuation.ts";

export interface Reconciliation {
  readonly taskId: string;
  readonly runId: string;
  readonly actionOutcome: "not_performed" | "mixed";
  /** At least 20 characters, without a single quote: it stands between those of a shell. */
  readonly evidence: string;
}

/** Stands for what the shell knows. */
const ACTION = "ACTION";

/**
 * Needs the board's rights. Paperclip (2026.916.1) settles what it holds a task back for at its scheduler's next tick, keeps
 * holding it, and from then on takes the answer only with that action's id (404 without, measured). Which id that is, a failed run cannot know yet when it says so.
 */
export function reconciliationCommand({ taskId, runId, actionOutcome, evidence }: Reconciliation): string {
  const resolution = {
    outcome: "restored",
    sourceIssueStatus: "todo",
    executionReconciliation: { runId, providerStopped: true, actionOutcome, outcomeEvidence: evidence },
  };
  const body = JSON.stringify({ actionId: ACTION, ...resolution }).replace(ACTION, `'"$action"'`);
  return `\`\`\`sh
task="$PAPERCLIP_API_URL/api/issues/${taskId}"
action=$(curl -sS "$task" | sed -n 's/.*"executionBlocker":{"recoveryActionId":"\\([^"]*\\)".*/\\1/p')
curl -X POST "$task/recovery-actions/resolve" -H 'content-type: application/json' -d '${body}'
\`\`\``;
}

export const NEEDS_BOARD =
  "This needs the board's rights (where Paperclip asks for a login, add `-H 'authorization: Bearer KEY'` to both calls).";

/** Paperclip holds the task back after this result, and nothing of its run is alive. */
export function holdsTask(result: AdapterExecutionResult): boolean {
  const isFailure = withContinuation(result) !== result;
  const { stopReason, stopped, executionCancellation } = result.resultJson ?? {};
  // What never began is tried again, turns are continued, and a Stop that is acknowledged is no failure.
  const goesOn = result.executionRecovery?.kind === "bootstrap" || stopReason === "max_turns_exhausted";
  return isFailure && stopped === true && !goesOn && executionCancellation === undefined;
}

/** What the task's page says of a run that failed. */
export function adviceOnFailure(taskId: string, runId: string): string {
  const evidence = "Its pod has ended. What it did is in its transcript; the next run checks that before it goes on.";
  return `Run \`${runId}\` of this task failed; its page says why. PAPERCLIP_K8S_AUTO_RECOVERY=off leaves it to you what becomes of the task: Paperclip holds it back, and refuses its own Retry, until somebody has recorded what the run did.

To go on, with a fresh session, look at what it did, then record it. ${NEEDS_BOARD}

${reconciliationCommand({ taskId, runId, actionOutcome: "mixed", evidence })}`;
}
