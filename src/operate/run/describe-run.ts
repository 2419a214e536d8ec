/** A Job for an operator: whose it is, how far it is, and what it waits for in the words of its run's page. Pure. */
import type { Job } from "kubernetes-types/batch/v1";
import type { Policy } from "../../policy/policy.ts";
import { describePlaceInLine, describePlaceUnbounded } from "../../run/claim/claim.ts";
import { describeWaiting, type Evidence, noEvidence, reduceEvidence } from "../../run/observe/observe.ts";
import {
  describeJob,
  hasPods,
  isAgentUnknown,
  isProbe,
  nameOf,
  runIdOf,
  stateOf,
  taskIdOf,
} from "../../run/shared/job-state.ts";
import { ANNOTATIONS, CONTAINER, LABELS } from "../../run/shared/names.ts";
import { readRunTerms } from "../../run/shared/run-terms.ts";
import { progressOf } from "../../run/tell/tell.ts";
import type { FoundJob } from "../look/snapshot.ts";
import { UNKNOWN_FACTS, type Waited } from "./read-waiting.ts";

export interface DescribedRun {
  readonly namespace: string;
  readonly job: string;
  /** Null: a version before 1.1 made it. */
  readonly instance: string | null;
  readonly agent: { readonly id: string; readonly name: string | null };
  readonly company: string | null;
  readonly task: string | null;
  readonly run: string | null;
  /** True for the Job of an environment test. */
  readonly probe: boolean;
  /**
   * `queued` waits for its turn, `held` was never unsuspended, `running`, `ended` and not collected, `stopping`, `stopped`,
   * `kept` for inspection, `deleting`, `unknown` on a node that is silent; else what its pod waits for: see WaitingState.
   */
  readonly phase: string;
  /** RFC 3339. */
  readonly created: string;
  readonly pod: string | null;
  readonly node: string | null;
  /** One sentence without its full stop; null where there is nothing to say. */
  readonly why: string | null;
}

export interface About extends Waited {
  /** All that is in the Job's namespace. */
  readonly beside: readonly FoundJob[];
  readonly policy: Policy | null;
}

export function describeRun(found: FoundJob, about: About): DescribedRun {
  const { job, pods } = found;
  const { labels = {}, annotations = {}, namespace = "", creationTimestamp } = job.metadata;
  const [pod] = pods;
  return {
    namespace,
    job: nameOf(job),
    instance: labels[LABELS.instance] ?? null,
    agent: { id: labels[LABELS.agentId] ?? "", name: annotations[ANNOTATIONS.agentName] ?? null },
    company: labels[LABELS.companyId] ?? null,
    task: taskIdOf(job),
    run: runIdOf(job),
    probe: isProbe(job),
    ...phaseOf(found, about),
    created: creationTimestamp,
    pod: pod?.metadata.name ?? null,
    node: pod?.spec?.nodeName ?? null,
  };
}

function phaseOf(found: FoundJob, about: About): Pick<DescribedRun, "phase" | "why"> {
  const { job } = found;
  switch (stateOf(job)) {
    case "leaving":
      return { phase: "deleting", why: null };
    case "collected":
      return { phase: "kept", why: "Its outcome is reported; it stays for inspection until its time is over" };
    case "finished":
      return { phase: "ended", why: pageWords(found, about) };
    case "stopped":
      return stopped(job);
    case "candidate":
      return waits(found, about);
    case "started":
      return started(found, about);
  }
}

function stopped(job: Job): Pick<DescribedRun, "phase" | "why"> {
  const reason = job.metadata?.annotations?.[ANNOTATIONS.stopped] ?? "";
  return hasPods(job)
    ? { phase: "stopping", why: `Its pod is ending: ${reason}` }
    : { phase: "stopped", why: `It was stopped: ${reason}` };
}

function waits({ job, place }: FoundJob, { beside, policy }: About): Pick<DescribedRun, "phase" | "why"> {
  if (job.metadata.annotations?.[ANNOTATIONS.queued] === undefined)
    return { phase: "held", why: "It was created and not started yet" };
  const here = beside.filter((one) => one.place === place && one.job.metadata.namespace === job.metadata.namespace);
  const all = here.map((one) => one.job);
  const pods = here.flatMap((one) => one.pods);
  const words = policy && describePlaceInLine(job, all, pods, policy.limits.jobs, policy.path);
  return { phase: "queued", why: words ?? describePlaceUnbounded(job, all) };
}

function started(found: FoundJob, about: About): Pick<DescribedRun, "phase" | "why"> {
  const { job, pods } = found;
  if (isAgentUnknown(job)) {
    const silent = "is on a node that does not answer, and nobody can say whether its agent still runs";
    return { phase: "unknown", why: `${describeJob(job)} ${silent}` };
  }
  const { events, queue } = about;
  const waiting = describeWaiting({ pod: pods[0] ?? null, job, events, container: CONTAINER, queue });
  const isRunning = waiting.state === "ready";
  const isLeaving = pods[0]?.metadata.deletionTimestamp !== undefined;
  const words = isRunning && !isLeaving ? null : pageWords(found, about);
  const plain = [waiting.reason, waiting.message].filter(Boolean).join(": ") || null;
  return { phase: isRunning ? "running" : waiting.state, why: words ?? (isRunning ? null : plain) };
}

const pageWords = (found: FoundJob, { events, queue }: About): string | null =>
  progressOf({
    evidence: { ...evidenceOf(found), queue },
    job: found.job,
    pod: found.pods[0] ?? null,
    events,
  })?.message ?? null;

/** From one look. */
function evidenceOf({ job, pods, place }: FoundJob): Evidence {
  const at = place.lease.client.clock.now();
  const terms = readRunTerms(job);
  const facts = terms?.facts ?? UNKNOWN_FACTS;
  const seen = reduceEvidence(noEvidence(facts), { kind: "job", job, deleted: false, at });
  const [pod] = pods;
  return pod ? reduceEvidence(seen, { kind: "pod", pod, deleted: false, at }) : seen;
}
