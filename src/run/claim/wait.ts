/** What a run has to wait for before it may start. All of it ends by itself. Pure. */
import type { Job } from "kubernetes-types/batch/v1";
import type { Pod } from "kubernetes-types/core/v1";
import type { Unreadable } from "../../paperclip/run-status.ts";
import { describeJob, nameOf, runIdOf, sessionLabelOf } from "../shared/job-state.ts";
import { ANNOTATIONS, LABELS } from "../shared/names.ts";
import { readRunTerms } from "../shared/run-terms.ts";
import { hasAgentEnded, releaseCommands } from "../shared/unknown-agent.ts";
import { type Blocked, blockedByUnproven, deletion, describeProgress, type Unproven, unreadable } from "./blocked.ts";
import { relationOf, type SlotOfRun } from "./slot.ts";

export interface Wait {
  /** A sentence without its full stop; an equal one is the same wait. */
  readonly why: string;
  /** What may change while the same is waited for: a clause that is told beside it. @default nothing */
  readonly detail?: string;
  readonly job: string | null;
  readonly pod: string | null;
  readonly runId: string | null;
  /** Since when that is alive, by the cluster's clock. */
  readonly since: string | null;
  /** Null: no limit while a run of Paperclip's is alive, which its user can stop. */
  readonly limit: WaitLimit | null;
  /** Milliseconds after which it is looked again without a change. @default 10 s */
  readonly lookAfterMs?: number;
}

export interface WaitLimit {
  /** Seconds after which the run is refused instead. */
  readonly sec: number;
  readonly refusal: Blocked;
}

/** Seconds beyond its grace that a pod may take to be gone. */
const POD_END_MARGIN_SEC = 120;
const DEFAULT_GRACE_SEC = 60;

/** Another run of the slot, which Paperclip has as alive. */
export function waitForLivingRun(job: Job, { status }: { readonly status: string }): Wait {
  return waitForJob(job, `Run ${runIdOf(job)} (${status}) still uses ${describeJob(job)}`);
}

/** The session that this run is to resume. */
export function waitForSession(job: Job): Wait {
  return waitForJob(job, `${describeJob(job)} uses session ${sessionLabelOf(job)}, which this run resumes`);
}

/** Seconds for Paperclip to answer: it starts this run itself, so it is away for a moment, or in the middle of a start. */
const PAPERCLIP_SEC = 120;
/** Milliseconds between two questions. */
const ASK_AGAIN_MS = 3_000;

/** Paperclip does not answer whether the Job's run is over. */
export function waitForRecord(job: Job, status: Unreadable): Wait {
  const why = `${describeProgress(job)}, and Paperclip does not answer whether its run ${runIdOf(job)} is over`;
  return waitForPaperclip(job, why, status.why, unreadable(job, status));
}

/** Paperclip does not answer whether the Job is its own. */
export function waitForProof(unproven: Unproven): Wait {
  const { job, ownership } = unproven;
  const why = `${describeJob(job)} has this run's slot, and Paperclip does not answer whether it is its own`;
  return waitForPaperclip(job, why, ownership.why, blockedByUnproven(unproven));
}

function waitForPaperclip(job: Job, why: string, detail: string, refusal: Blocked): Wait {
  const limit = { sec: PAPERCLIP_SEC, refusal };
  return { ...waitForJob(job, why), since: null, detail, limit, lookAfterMs: ASK_AGAIN_MS };
}

function waitForJob(job: Job, why: string): Wait {
  const { metadata } = job;
  const since = metadata?.annotations?.[ANNOTATIONS.started] ?? metadata?.creationTimestamp ?? null;
  return { why, job: nameOf(job), pod: null, runId: runIdOf(job), since, limit: null };
}

/** Seconds for a node to come back, or for the cluster to remove it. */
const SILENT_NODE_SEC = 5 * 60;

/** Nobody can say whether its agent runs. */
export function waitForSilentNode(job: Job): Wait {
  const why = `${describeJob(job)} is on a node that does not answer, and nobody can say whether its agent still runs`;
  const refusal: Blocked = { code: "k8s_concurrent_run_blocked", why, fix: releaseCommands(job, null) };
  return { ...waitForJob(job, why), limit: { sec: SILENT_NODE_SEC, refusal } };
}

/** Its agent may be saving the session that the next one opens. */
export function waitForStoppedJob(job: Job): Wait {
  const graceSec = readRunTerms(job)?.graceSec ?? DEFAULT_GRACE_SEC;
  const refusal: Blocked = {
    code: "k8s_concurrent_run_blocked",
    why: `${describeJob(job)} was stopped, and its pod has not ended in time`,
    fix: `Check the node of its pod (kubectl get pod -o wide). If the node is gone for good, run ${deletion(job)} and delete the pod with --force`,
  };
  const limit = { sec: graceSec + POD_END_MARGIN_SEC, refusal };
  return { ...waitForJob(job, `${describeJob(job)} was stopped, and its pod is ending`), limit };
}

/**
 * A deleted Job is gone at once, its pod only after its grace. `jobs`: as listed together with the pods; the pods
 * of a living Job are waited for with that Job.
 */
export function waitForPods(me: SlotOfRun, pods: readonly Pod[], livingJobs: readonly Job[]): Wait | null {
  const livingUids = new Set(livingJobs.map(({ metadata }) => metadata?.uid));
  const pod = pods.find((one) => {
    const owner = one.metadata?.ownerReferences?.find(({ kind }) => kind === "Job");
    return relationOf(me, one) !== null && !hasAgentEnded(one) && !livingUids.has(owner?.uid);
  });
  return pod ? waitForPod(pod) : null;
}

function waitForPod({ metadata, spec }: Pod): Wait {
  const {
    name = "",
    namespace,
    labels,
    ownerReferences,
    deletionTimestamp,
    deletionGracePeriodSeconds,
  } = metadata ?? {};
  const runId = labels?.[LABELS.runId] ?? null;
  const job = labels?.["job-name"] ?? null;
  // A Job that was deleted without its pods leaves them to work on; else the garbage collector is on its way.
  const keepsRunning = !deletionTimestamp && !ownerReferences?.length;
  const podState = keepsRunning
    ? `is still running; to end it: kubectl -n ${namespace} delete pod ${name}`
    : "is ending";
  const refusal: Blocked = {
    code: "k8s_concurrent_run_blocked",
    why: `Pod ${name} of run ${runId} is being deleted and has not ended in time${spec?.nodeName ? ` (node ${spec.nodeName})` : ""}`,
    fix: `Check its node. If the node is gone for good, delete the pod: kubectl -n ${namespace} delete pod ${name} --force`,
  };
  const sec =
    (deletionGracePeriodSeconds ?? spec?.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SEC) + POD_END_MARGIN_SEC;
  return {
    why: `Job ${job} of run ${runId} was deleted, and its pod ${name} ${podState}`,
    job,
    pod: name,
    runId,
    since: deletionTimestamp ?? null,
    limit: keepsRunning ? null : { sec, refusal },
  };
}
