import type { AgentResult } from "../../claude/claude-code.ts";
import type { Seal } from "../../runner/seal.ts";
import {
  type ContainerFacts,
  type Evidence,
  isSealedStop,
  type JobFacts,
  type Terminated,
  trueCondition,
} from "../observe/observe.ts";
import { agentCli } from "../shared/agent-cli.ts";
import { withEarlier } from "./earlier.ts";
import { type Ending, endingOf, stoppedBeforeStart, withSeenEnd } from "./ending.ts";

/** The evidence, joined: what the single causes ask about. */
export interface Facts {
  readonly evidence: Evidence;
  /** Transcript and seal together. */
  readonly agent: AgentResult;
  /** The runner's last seal; null when there is none or it was written while the agent still ran. */
  readonly seal: Seal | null;
  /** How the agent's process ended. */
  readonly ending: Ending;
  /** The end of the agent's container; null when none was seen, or the cluster lost sight of it. */
  readonly container: Terminated | null;
  /** True when it is certain that the agent's program never started. */
  readonly neverRan: boolean;
  /** True when there can be no transcript: no pod was seen, or its agent never started. */
  readonly noTranscript: boolean;
  /** True when it is certain that nothing of the run is alive. */
  readonly stopped: boolean;
  /** The model for a sentence, such as `claude-sonnet-4-5`; null = the default one, and nobody named it. */
  readonly model: string | null;
}

/** The cluster's answer when it cannot say how a container ended (measured: a pod that never ran; node loss). */
const STATUS_UNKNOWN = "ContainerStatusUnknown";

export function factsOf(evidence: Evidence): Facts {
  const own = agentCli.resultOf(evidence.agent, evidence.seal);
  const agent = withEarlier(own, evidence.earlier);
  const whole = evidence.seal?.partial ? null : evidence.seal;
  const end = evidence.pod?.agent.terminated ?? null;
  const container = end && end.reason !== STATUS_UNKNOWN ? end : null;
  const seal = evidence.run.recorder ? withSeenEnd(whole, container) : whole;
  const never = evidence.earlier.length === 0 && neverRan(evidence, seal, agent);
  return {
    evidence,
    agent,
    seal,
    container,
    ending: endingOf(seal, container),
    neverRan: never,
    noTranscript: never || (evidence.pod === null && agent.progress === "nothing" && agent.result === null),
    stopped: isStopped(evidence, container),
    model: agent.model ?? evidence.run.model,
  };
}

/** True when the terminal result claims success; a refusal claims it too, and did nothing. */
export function claimsSuccess({ result }: AgentResult): boolean {
  return result?.subtype === "success" && result.isError === false && result.stopReason !== "refusal";
}

/** The agent had printed its last result, and its process went on until the runner ended it: its exit code says nothing. */
export function endedAfterResult({ seal, agent }: Facts): boolean {
  return seal?.ending === "after-result" || (seal?.ending === "silent" && claimsSuccess(agent));
}

/** True when the model's last message was empty and the result has no text either: nothing was answered. */
export function answeredNothing({ progress, summary }: AgentResult): boolean {
  return progress === "empty" && summary.trim() === "";
}

function neverRan(evidence: Evidence, seal: Seal | null, agent: AgentResult): boolean {
  if (agent.progress !== "nothing" || agent.result) return false;
  if (seal?.ending === "not-started" || stoppedBeforeStart(seal)) return true;
  const { pod, job, acts } = evidence;
  if (!job) return neverLaunched(evidence);
  // Who gives up waiting also deletes the Job: see Act.
  if (!pod) return acts.gaveUp !== null || (heldWithoutPods(job) && !job.hadPods);
  if (pod.agent.ran) return false;
  // A pod that was pending when last seen and then vanished unseen may have run in between.
  return pod.presence === "deleted" || pod.phase === "Failed" || pod.agent.terminated !== null || acts.gaveUp !== null;
}

/**
 * No Job was started. A request to make one that had no answer leaves no doubt of that: it would be suspended, and one that
 * was made is taken back. Only where that failed something may run.
 */
export function neverLaunched({ job, pod, faults }: Evidence): boolean {
  return job === null && pod === null && !faults.some(({ mayRun }) => mayRun);
}

function isStopped(evidence: Evidence, container: Terminated | null): boolean {
  const { job, pod } = evidence;
  if (container || isSealedStop(evidence)) return true;
  if (!job) return neverLaunched(evidence);
  // Foreground deletion lets the Job go only after its pods.
  const afterItsPods = job.presence !== "present" && job.finalizers.includes("foregroundDeletion");
  if (afterItsPods && !nodeLost(evidence)) return true;
  if (!pod) return heldWithoutPods(job);
  if (pod.phase === "Failed" || pod.phase === "Succeeded") return true;
  // The kubelet lets a pod object go only when its containers have ended; a lost node never says so.
  return pod.presence !== "present" && !nodeLost(evidence);
}

/** The Job is held back, and its controller has seen that and counts no pod: none will come. */
function heldWithoutPods(job: JobFacts): boolean {
  if (!job.suspended || job.activePods > 0) return false;
  // A queue may admit it as long as it is there.
  if (job.queue !== null) return job.presence !== "present";
  return job.presence !== "present" || trueCondition(job.conditions, "Suspended") !== null;
}

/** True when the cluster gave the pod up because its node does not answer. */
export function nodeLost({ pod }: Evidence): boolean {
  const reason = pod ? trueCondition(pod.conditions, "DisruptionTarget")?.reason : undefined;
  return reason === "DeletionByTaintManager" || reason === "DeletionByPodGC" || pod?.reason === "NodeLost";
}

/** The init container that failed first, if one did. */
export function failedInit({ pod }: Evidence): ContainerFacts | null {
  return pod?.others.find(({ init, terminated }) => init && terminated !== null && terminated.exitCode !== 0) ?? null;
}
