/** What is to be done with a Job that no run of this process looks after, from what cluster and Paperclip say of it now. */
import type { Job } from "kubernetes-types/batch/v1";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { createRunStatusReader, type ReadRunStatus, type RunStatus } from "../../paperclip/run-status.ts";
import type { Ownership, ReadOwnership } from "../claim/claim.ts";
import type { Dependencies } from "../shared/dependencies.ts";
import { isAgentUnknown, runIdOf, stateOf } from "../shared/job-state.ts";
import { LABELS } from "../shared/names.ts";
import { type Action, decideAction } from "./action.ts";
import { newestToken } from "./agent-token.ts";

export interface JobJudge {
  readonly client: KubernetesClient;
  readonly readOwnership: ReadOwnership;
  readonly paperclipUrl: Dependencies["paperclipUrl"];
  readonly signal: AbortSignal;
}

export type Judgement =
  /** It is being deleted, or names no run. */
  | { readonly kind: "passed-over" }
  /** Nobody can say whether its agent runs. */
  | { readonly kind: "agent-unknown"; readonly runId: string }
  /** Somebody else made it, as far as can be told, or it is gone. */
  | { readonly kind: "not-ours"; readonly ownership: Exclude<Ownership, { kind: "ours" }> }
  | {
      readonly kind: "judged";
      readonly runId: string;
      readonly agentId: string;
      /** Of its run, or of the last one that Paperclip has continued that with; of a kept Job nobody is asked. */
      readonly status: RunStatus;
      readonly action: Action;
      /** How Paperclip was asked; null where it could not be. */
      readonly access: { readonly url: string; readonly token: string } | null;
    };

/** @param job as `withPods` shows it. Throws ApiError. */
export async function judgeJob(
  { client, readOwnership, paperclipUrl, signal }: JobJudge,
  job: Job,
): Promise<Judgement> {
  const runId = runIdOf(job);
  if (!runId || stateOf(job) === "leaving") return { kind: "passed-over" };
  if (isAgentUnknown(job)) return { kind: "agent-unknown", runId };
  const ownership = await readOwnership(job, signal);
  if (ownership.kind !== "ours") return { kind: "not-ours", ownership };
  const { labels = {} } = job.metadata ?? {};
  const agentId = labels[LABELS.agentId] ?? "";
  const url = paperclipUrl({ id: agentId, companyId: labels[LABELS.companyId] ?? "" });
  // Of a kept Job Paperclip has the outcome: there is nothing to ask.
  const isKept = stateOf(job) === "collected";
  const token = isKept ? null : await newestToken(client, job, signal);
  const status: RunStatus = isKept
    ? { kind: "unknown" }
    : await lastStatus(createRunStatusReader({ url, token }), runId, signal);
  const action = decideAction(job, status, client.clock.now());
  return { kind: "judged", runId, agentId, status, action, access: url && token ? { url, token } : null };
}

/** A chain of continuations that is longer is none. */
const MAX_SUCCESSORS = 20;

/** The status of the run, or of the last one that Paperclip has continued it with: while that is alive, all is well. */
async function lastStatus(read: ReadRunStatus, runId: string, signal: AbortSignal): Promise<RunStatus> {
  const own = await read(runId, signal);
  let last = own;
  for (let links = 0; links < MAX_SUCCESSORS && last.kind === "over" && last.successor; links++)
    last = await read(last.successor, signal);
  if (own.kind !== "over" || last.kind !== "over") return last;
  return { ...last, reported: own.reported ?? last.reported };
}
