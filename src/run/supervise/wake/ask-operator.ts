/**
 * With PAPERCLIP_K8S_AUTO_RECOVERY=off a person decides what becomes of a lost run, and is told how: on the task's page,
 * where Paperclip itself (2026.916.1) shows a Retry that it then refuses, and nothing else to press (measured).
 */
import type { Job } from "kubernetes-types/batch/v1";
import { commentOnTask } from "../../../paperclip/comment.ts";
import { reasonOfWakeup } from "../../../paperclip/lost-run.ts";
import { NEEDS_BOARD, reconciliationCommand } from "../../../paperclip/reconciliation.ts";
import type { WakeupRequest } from "../../../paperclip/wakeup.ts";
import { nameOf } from "../../shared/job-state.ts";
import type { Wake } from "../action.ts";

/** Never rejects for what Paperclip answers. */
export async function askOperator(
  job: Job,
  { lostRunId, taskId }: Wake,
  access: Pick<WakeupRequest, "url" | "token" | "agentId"> & { readonly signal: AbortSignal },
  tell: (message: string) => void,
): Promise<void> {
  const what = `Job ${nameOf(job)} of run ${lostRunId} has no run any more, and PAPERCLIP_K8S_AUTO_RECOVERY is off`;
  if (taskId === null) {
    const reason = JSON.stringify({ reason: reasonOfWakeup(lostRunId, taskId) });
    tell(`${what}: POST /api/agents/${access.agentId}/wakeup with ${reason} has it taken over`);
    return;
  }
  const { url, token, signal } = access;
  const problem = await commentOnTask({ url, token, signal, taskId, body: request(job, lostRunId, taskId) });
  tell(`${what}: ${problem ? `its task ${taskId} waits for you (${problem})` : `task ${taskId} says what to do`}`);
}

function request(job: Job, runId: string, taskId: string): string {
  const { name, namespace } = job.metadata ?? {};
  const evidence = "Its Job goes on; the next run takes that over and repeats nothing.";
  return `Paperclip lost run \`${runId}\` of this task when its server went away. Nothing of its work is lost: the agent is in Job \`${name}\` (namespace \`${namespace}\`), and PAPERCLIP_K8S_AUTO_RECOVERY=off leaves it to you what becomes of it.

To go on, record what that run did: until then Paperclip refuses its own Retry. ${NEEDS_BOARD} The task's next run then takes the Job over, with all that the agent has said since:

${reconciliationCommand({ taskId, runId, actionOutcome: "not_performed", evidence })}

To end the agent instead: \`kubectl -n ${namespace} delete job ${name}\``;
}
