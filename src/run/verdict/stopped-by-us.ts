import type { ActsTaken } from "../observe/observe.ts";
import type { Cause, Finding } from "./cause.ts";
import { type Known, neverLaunched } from "./facts.ts";
import { claude, quoting, runAgain, timeOf, withEnding } from "./phrases.ts";
import { whatItWaitedFor } from "./startup.ts";

/** Somebody cancelled the run, and it had not ended before. */
export const cancelled: Cause = (known) => {
  const { cancel } = known.evidence.acts;
  if (!cancel || endedBefore(known, cancel.at)) return null;
  return {
    kind: "cancelled",
    code: "cancelled",
    sentence: `The run was cancelled${quoting(cancel.reason)}; ${outcome(known)}.`,
    fix: known.stopped
      ? "Nothing: the run was stopped on purpose."
      : "Check that its Job is gone (kubectl get jobs,pods).",
    because: [`Cancelled at ${timeOf(cancel.at)} (${cancel.by})`],
  };
};

function outcome(known: Known): string {
  if (known.neverRan) return "it was stopped before its agent started";
  return known.stopped ? `${claude(known)} ended${withEnding(known)}` : "the end of its pod was not seen yet";
}

/** An adapter that is gone had stopped the run: all it left is its note on the Job. */
export const stoppedEarlier: Cause = (known) => {
  const { job } = known.evidence;
  if (!job?.stoppedBecause || known.ending.byItself === true) return null;
  return {
    kind: "cancelled",
    code: "cancelled",
    sentence: `An earlier process of the adapter stopped the run${quoting(job.stoppedBecause)}; ${outcome(known)}.`,
    fix: "Nothing: the run was stopped on purpose.",
    because: [`Job ${job.name}: annotated as stopped${quoting(job.stoppedBecause)}`],
  };
};

/** The run's own time was up: the runner ended the agent, watched or not. */
export const timedOut: Cause = (known) => {
  if (known.seal?.ending !== "timeout") return null;
  const { timeoutSec } = known.evidence.run;
  const because = ["The runner's seal: it ended the agent because the run's time was up"];
  return timeout(known, timeoutSec > 0 ? `its limit of ${timeoutSec} s` : "its time limit", because);
};

/** The cluster's own limit, the backstop for when nobody watched: `activeDeadlineSeconds` of the Job or the pod. */
export const deadline: Cause = (known) => {
  const { job, pod } = known.evidence;
  const condition = job?.conditions.find(({ reason, status }) => reason === "DeadlineExceeded" && status === "True");
  const podDeadline = pod?.reason === "DeadlineExceeded";
  if (!condition && !podDeadline) return null;
  const because = condition
    ? [`Job ${job?.name}: ${condition.type}, DeadlineExceeded${quoting(condition.message)}`]
    : [`Pod ${pod?.name}: DeadlineExceeded${quoting(pod?.message)}`];
  return timeout(known, "the cluster's deadline for it (activeDeadlineSeconds)", because);
};

function timeout(known: Known, limit: string, because: readonly string[]) {
  const waited = known.neverRan ? whatItWaitedFor(known) : null;
  return {
    kind: "timeout",
    code: "timeout",
    sentence: waited
      ? `The run reached ${limit} before its agent could start${quoting(waited.words)}.`
      : `The run reached ${limit}, and ${claude(known)} was ended${withEnding(known)}.`,
    fix: waited?.fix ?? `Raise timeoutSec, or give the agent a smaller task. ${runAgain(known)}`,
    because: [...because, ...(waited ? [waited.words] : [])],
    timedOut: true,
  } as const;
}

/** The host let go of the run; it lives on and its successor takes it over. */
export const detached: Cause = (known) => {
  const { acts, job } = known.evidence;
  const { detach } = acts;
  if (!detach) return null;
  if (neverLaunched(known.evidence)) return letGoEarly(detach);
  if (known.stopped || job?.presence !== "present") return null;
  return {
    kind: "detached",
    code: "k8s_controller_detached",
    sentence: `Paperclip let go of the run${quoting(detach.reason)}; its Job ${job.name} goes on, and the agent's next run takes it over.`,
    fix: "Nothing: wake the agent again if no next run starts by itself.",
    because: [`Detached at ${timeOf(detach.at)}; the end of the container was not seen`],
  };
};

function letGoEarly({ reason, at }: NonNullable<ActsTaken["detach"]>): Finding {
  return {
    kind: "adapter-fault",
    code: "k8s_controller_detached",
    sentence: `Paperclip let go of the run${quoting(reason)}, before anything of it was started.`,
    fix: "Nothing: wake the agent again if no next run starts by itself.",
    because: [`Detached at ${timeOf(at)}; no Job was made`],
  };
}

/** True when the agent's container had already ended when we acted: then our act changed nothing. */
function endedBefore({ container }: Known, at: number): boolean {
  return container !== null && container.seenAt <= at;
}
