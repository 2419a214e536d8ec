/**
 * Enters on Paperclip's ledger what a lost run used that no run will take over, because its task is over: an agent that closes
 * its task, and a server that is killed before the agent has ended.
 */
import type { Job } from "kubernetes-types/batch/v1";
import { ApiError } from "../../../kubernetes/api-error.ts";
import type { KubernetesClient } from "../../../kubernetes/client.ts";
import { jobs } from "../../../kubernetes/resource-types.ts";
import { costEventOf, enterCost } from "../../../paperclip/cost-event.ts";
import { nameOf, stateOf } from "../../shared/job-state.ts";
import { ANNOTATIONS, LABELS } from "../../shared/names.ts";
import type { Wake } from "../action.ts";
import { outcomeOf } from "./outcome.ts";

export interface LedgerAccess {
  readonly url: string;
  readonly token: string;
  readonly agentId: string;
  readonly signal: AbortSignal;
}

/** Once for a Job, rather not at all than twice. Throws ApiError. */
export async function enterOnLedger(
  client: KubernetesClient,
  job: Job,
  { lostRunId, taskId }: Wake,
  { url, token, agentId, signal }: LedgerAccess,
  tell: (message: string) => void,
): Promise<void> {
  const { annotations = {}, labels = {} } = job.metadata ?? {};
  if (stateOf(job) !== "finished" || annotations[ANNOTATIONS.billed] !== undefined) return;
  const result = await outcomeOf(client, job, signal);
  if (!result || !(await claimEntry(client, job, lostRunId, signal))) return;
  const occurredAt = new Date(client.clock.now()).toISOString();
  const event = costEventOf(result, { agentId, heartbeatRunId: lostRunId, issueId: taskId, occurredAt });
  if (!event) return;
  const answer = await enterCost({ url, token, companyId: labels[LABELS.companyId] ?? "", event, signal });
  const { costCents, inputTokens, outputTokens } = event;
  const what = `What run ${lostRunId} used (${costCents} cents, ${inputTokens} tokens in, ${outputTokens} out; Job ${nameOf(job)})`;
  if (answer.kind === "entered")
    return tell(`${what} is on Paperclip's ledger: its task is over, and no run reports it`);
  tell(
    `${what} is not on Paperclip's ledger${answer.kind === "unheard" ? " yet" : ", as far as is known"}: ${answer.why}`,
  );
  if (answer.kind === "unheard") await takeBack(client, job, signal);
}

/** As with a wake-up: the mark first, of which one process has one, then the request. */
async function claimEntry(
  client: KubernetesClient,
  job: Job,
  lostRunId: string,
  signal: AbortSignal,
): Promise<boolean> {
  const { namespace = "", uid, resourceVersion } = job.metadata ?? {};
  const mark = JSON.stringify({ run: lostRunId, nonce: crypto.randomUUID() });
  const patch = { metadata: { uid, resourceVersion, annotations: { [ANNOTATIONS.billed]: mark } } };
  try {
    await client.patch(jobs, namespace, nameOf(job), patch, { signal });
    return true;
  } catch (error) {
    if (!(error instanceof ApiError && (error.conflict || error.notFound))) throw error;
  }
  const found = await client.find(jobs, namespace, nameOf(job), { signal });
  return found?.metadata.uid === uid && found?.metadata.annotations?.[ANNOTATIONS.billed] === mark;
}

async function takeBack(client: KubernetesClient, job: Job, signal: AbortSignal): Promise<void> {
  const { namespace = "", uid } = job.metadata ?? {};
  const patch = { metadata: { uid, annotations: { [ANNOTATIONS.billed]: null } } };
  await client.patch(jobs, namespace, nameOf(job), patch, { signal });
}
