import type { ActsTaken } from "../observe/observe.ts";
import type { Cause, Finding } from "./cause.ts";
import { type Facts, neverLaunched } from "./facts.ts";
import { claude, quoting, runAgain, timeOf, withEnding } from "./phrases.ts";
import { startObstacle } from "./startup.ts";

/** Somebody cancelled the run, and it had not ended before. */
export const cancelled: Cause = (facts) => {
  const { cancel } = facts.evidence.acts;
  if (!cancel || endedBefore(facts, cancel.at)) return null;
  return {
    kind: "cancelled",
    code: "cancelled",
    sentence: `The run was cancelled${quoting(cancel.reason)}; ${outcome(facts)}.`,
    fix: facts.stopped
      ? "Nothing: the run was stopped on purpose."
      : "Check that its Job is gone (kubectl get jobs,pods).",
    because: [`Cancelled at ${timeOf(cancel.at)} (${cancel.by})`],
  };
};

function outcome(facts: Facts): string {
  if (facts.neverRan) return "it was stopped before its agent started";
  return facts.stopped ? `${claude(facts)} ended${withEnding(facts)}` : "the end of its pod was not seen yet";
}

/** An adapter that is gone had stopped the run: all it left is its note on the Job. */
export const stoppedEarlier: Cause = (facts) => {
  const { job } = facts.evidence;
  if (!job?.stoppedBecause || facts.ending.byItself === true) return null;
  return {
    kind: "cancelled",
    code: "cancelled",
    sentence: `An earlier process of the adapter stopped the run${quoting(job.stoppedBecause)}; ${outcome(facts)}.`,
    fix: "Nothing: the run was stopped on purpose.",
    because: [`Job ${job.name}: annotated as stopped${quoting(job.stoppedBecause)}`],
  };
};

/** The run's own time was up: the runner ended the agent, watched or not. */
export const timedOut: Cause = (facts) => {
  if (facts.seal?.ending !== "timeout") return null;
  const { timeoutSec } = facts.evidence.run;
  const because = ["The runner's seal: it ended the agent because the run's time was up"];
  return timeout(facts, timeoutSec > 0 ? `its limit of ${timeoutSec} s` : "its time limit", because);
};

/** The cluster's own limit, the backstop for when nobody watched: `activeDeadlineSeconds` of the Job or the pod. */
export const deadline: Cause = (facts) => {
  const { job, pod } = facts.evidence;
  const condition = job?.conditions.find(({ reason, status }) => reason === "DeadlineExceeded" && status === "True");
  const podDeadline = pod?.reason === "DeadlineExceeded";
  if (!condition && !podDeadline) return null;
  const because = condition
    ? [`Job ${job?.name}: ${condition.type}, DeadlineExceeded${quoting(condition.message)}`]
    : [`Pod ${pod?.name}: DeadlineExceeded${quoting(pod?.message)}`];
  return timeout(facts, "the cluster's deadline for it (activeDeadlineSeconds)", because);
};

function timeout(facts: Facts, limit: string, because: readonly string[]) {
  const waited = facts.neverRan ? startObstacle(facts) : null;
  return {
    kind: "timeout",
    code: "timeout",
    sentence: waited
      ? `The run reached ${limit} before its agent could start${quoting(waited.words)}.`
      : `The run reached ${limit}, and ${claude(facts)} was ended${withEnding(facts)}.`,
    fix: waited?.fix ?? `Raise timeoutSec, or give the agent a smaller task. ${runAgain(facts)}`,
    because: [...because, ...(waited ? [waited.words] : [])],
    timedOut: true,
  } as const;
}

/** The host let go of the run; it lives on and its successor takes it over. */
export const detached: Cause = (facts) => {
  const { acts, job } = facts.evidence;
  const { detach } = acts;
  if (!detach) return null;
  if (neverLaunched(facts.evidence)) return detachedBeforeLaunch(detach);
  if (facts.stopped || job?.presence !== "present") return null;
  return {
    kind: "detached",
    code: "k8s_controller_detached",
    sentence: `Paperclip let go of the run${quoting(detach.reason)}; its Job ${job.name} goes on, and the agent's next run takes it over.`,
    fix: "Nothing: wake the agent again if no next run starts by itself.",
    because: [`Detached at ${timeOf(detach.at)}; the end of the container was not seen`],
  };
};

function detachedBeforeLaunch({ reason, at }: NonNullable<ActsTaken["detach"]>): Finding {
  return {
    kind: "adapter-fault",
    code: "k8s_controller_detached",
    sentence: `Paperclip let go of the run${quoting(reason)}, before anything of it was started.`,
    fix: "Nothing: wake the agent again if no next run starts by itself.",
    because: [`Detached at ${timeOf(at)}; no Job was made`],
  };
}

/** True when the agent's container had already ended when we acted: then our act changed nothing. */
function endedBefore({ container }: Facts, at: number): boolean {
  return container !== null && container.seenAt <= at;
}
