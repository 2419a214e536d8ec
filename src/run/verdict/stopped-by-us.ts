import type { ActsTaken } from "../observe/observe.ts";
import type { Cause, Finding } from "./cause.ts";
import { type Facts, neverLaunched } from "./facts.ts";
import { FIXES } from "./fixes.ts";
import { claude, duration, quoting, runAgain, timeOf, withEnding } from "./phrases.ts";
import { RETRY } from "./retry.ts";
import { startObstacle } from "./startup.ts";

/** Somebody cancelled the run, and it had not ended before. */
export const cancelled: Cause = (facts) => {
  const { cancel } = facts.evidence.acts;
  if (!cancel || endedBefore(facts, cancel.at)) return null;
  return {
    kind: "cancelled",
    code: "cancelled",
    sentence: `The run was cancelled${quoting(cancel.reason)}; ${outcome(facts)}.`,
    fix: facts.stopped ? FIXES.onPurpose : FIXES.checkStopped,
    because: [`Cancelled at ${timeOf(cancel.at)} (${cancel.by})`],
  };
};

function outcome(facts: Facts): string {
  if (facts.neverRan) return "it was stopped before its agent started";
  const { earlier, pod } = facts.evidence;
  if (earlier.length > 0 && !pod && facts.stopped) return "it waited in its queue, and nothing of it ran";
  return facts.stopped ? `${claude(facts)} ended${withEnding(facts)}` : "nobody has seen its pod end yet";
}

/** An adapter that is gone had stopped the run: all it left is its note on the Job. */
export const stoppedEarlier: Cause = (facts) => {
  const { job } = facts.evidence;
  if (!job?.stoppedBecause || facts.ending.byItself === true) return null;
  return {
    kind: "cancelled",
    code: "cancelled",
    sentence: `An earlier process of the adapter stopped the run${quoting(job.stoppedBecause)}; ${outcome(facts)}.`,
    fix: FIXES.onPurpose,
    because: [`Job ${job.name}: annotated as stopped${quoting(job.stoppedBecause)}`],
  };
};

/** The run's own time was up: the runner ended the agent, watched or not. */
export const timedOut: Cause = (facts) => {
  if (facts.seal?.ending !== "timeout") return null;
  const { timeoutSec } = facts.evidence.run;
  const because = ["The runner's seal: it ended the agent because the run's time was up"];
  return timeout(facts, timeoutSec > 0 ? `its limit of ${timeoutSec} s` : "its time limit", "the runner", because);
};

/** The agent printed nothing for too long: the runner ended it. */
export const silent: Cause = (facts) => {
  const { seal } = facts;
  if (seal?.ending !== "silent") return null;
  const { sec = null, tool = null } = seal.silence ?? {};
  const long = sec === null ? "too long" : duration(sec);
  const during = tool === null ? "" : ` during a call of the tool ${tool}`;
  return {
    kind: "silent",
    code: "claude_silent",
    sentence: `${claude(facts)} printed nothing for ${long}${during}, so the runner stopped it${itEnded(facts)}.`,
    fix: `${runAgain(facts)} ${tool === null ? FIXES.silence : FIXES.toolSilence}`,
    because: [`The runner's seal: it ended the agent, which had printed nothing for ${long}`],
    ...RETRY,
  };
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
  return timeout(facts, "the cluster's deadline for it (activeDeadlineSeconds)", "the cluster", because);
};

function timeout(facts: Facts, limit: string, who: string, because: readonly string[]) {
  const obstacle = facts.neverRan ? startObstacle(facts) : null;
  return {
    kind: "timeout",
    code: "timeout",
    sentence: obstacle
      ? `The run reached ${limit} before its agent could start${quoting(obstacle.words)}.`
      : `The run reached ${limit}, so ${who} stopped ${claude(facts)}${itEnded(facts)}.`,
    fix: obstacle?.fix ?? `${FIXES.timeout} ${runAgain(facts)}`,
    because: [...because, ...(obstacle ? [obstacle.words] : [])],
    timedOut: true,
  } as const;
}

function itEnded(facts: Facts): string {
  return facts.ending.words === null ? "" : `; it ended${withEnding(facts)}`;
}

/** The host left the run: it goes on, and its successor takes it over. */
export const detached: Cause = (facts) => {
  const { acts, job } = facts.evidence;
  const { detach } = acts;
  if (!detach) return null;
  if (neverLaunched(facts.evidence)) return detachedBeforeLaunch(detach);
  if (facts.stopped || job?.presence !== "present") return null;
  return {
    kind: "detached",
    code: "k8s_controller_detached",
    sentence: `Paperclip stopped watching the run${quoting(detach.reason)}; its Job ${job.name} goes on, and the agent's next run takes it over.`,
    fix: FIXES.wakeAgain,
    because: [`Detached at ${timeOf(detach.at)}; the end of the container was not seen`],
  };
};

function detachedBeforeLaunch({ reason, at }: NonNullable<ActsTaken["detach"]>): Finding {
  return {
    kind: "adapter-fault",
    code: "k8s_controller_detached",
    sentence: `Paperclip left the run before anything of it was started${quoting(reason)}.`,
    fix: FIXES.wakeAgain,
    because: [`Detached at ${timeOf(at)}; no Job was made`],
  };
}

/** True when the agent's container had already ended when we acted: then our act changed nothing. */
function endedBefore({ container }: Facts, at: number): boolean {
  return container !== null && container.seenAt <= at;
}
