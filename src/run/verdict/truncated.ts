import type { PodFacts, TranscriptReport } from "../observe/observe.ts";
import { emptyResponse } from "./agent.ts";
import type { Finding } from "./cause.ts";
import { stoppedBeforeStart } from "./ending.ts";
import type { Facts } from "./facts.ts";
import { claude, quoting, runAgain, withEnding } from "./phrases.ts";

/**
 * No result, and no cause that the cluster names: what remains is how far the agent got and which of three honest
 * states its container is in: gone, present but its end not observable, terminated.
 */
export function truncated(facts: Facts): Finding {
  const state = containerState(facts);
  const { agent, evidence } = facts;
  const linesLost = isUnread(evidence.transcript);
  const because = [state.evidence];
  if (agent.result) return unconfirmed(facts, state, because);
  if (stoppedBeforeStart(facts.seal)) return stoppedEarly(facts, because);
  if (agent.progress === "content") return cutShort(facts, state, because, "in the middle of its work");
  if (agent.progress === "empty") return { ...emptyResponse(facts), because };
  // Lines are missing: what looks like silence may have been work.
  if (linesLost && !sealCountsNoLine(facts))
    return cutShort(facts, state, because, "and the transcript does not show how far it got");
  if (agent.progress === "started") return initOnly(facts, state, because);
  return noOutput(facts, state, because);
}

/** A result without an exit code: half a proof is none. */
function unconfirmed(facts: Facts, state: State, because: readonly string[]): Finding {
  const said = facts.agent.result?.isError === false ? "success" : "its result";
  return {
    kind: "truncated",
    code: "k8s_observation_lost",
    sentence: `${claude(facts)} reported ${said}, but nobody saw how its process ended: ${state.words}.`,
    fix: "Check the result before you rely on it; the transcript shows what was done.",
    because,
  };
}

function stoppedEarly(facts: Facts, because: readonly string[]): Finding {
  return {
    kind: "start-failed",
    code: "claude_start_failed",
    sentence: `${claude(facts)} was stopped before it started: its pod was told to end (SIGTERM), and nothing that was seen says by whom.`,
    fix: "Run it again: nothing of it ran.",
    because,
  };
}

interface State {
  readonly words: string;
  readonly evidence: string;
}

function containerState({ evidence: { pod }, ending, container }: Facts): State {
  if (!pod) return { words: "no pod of the run was seen", evidence: "No pod of the Job was ever seen" };
  const of = `Container ${pod.agent.name} of pod ${pod.name}`;
  if (container) {
    const reason = `${container.reason}${sealOrMessage(container.message)}`;
    const hint = ending.signal === "SIGKILL" ? "; SIGKILL commonly means out of memory" : "";
    return {
      words: `it ended with ${ending.words}${hint}`,
      evidence: `${of}: terminated, exit code ${container.exitCode}, ${reason}`,
    };
  }
  if (pod.presence !== "present") {
    const evidence = `Pod ${pod.name}: gone without a last status (evicted, preempted, deleted, or its node was lost)`;
    return {
      words: "its pod is gone and left no status (evicted, preempted, deleted, or its node was lost)",
      evidence,
    };
  }
  return {
    words: notObservable(pod),
    evidence: `${of}: ${pod.agent.state}, pod phase ${pod.phase}; no terminated state`,
  };
}

function notObservable(pod: PodFacts): string {
  return `its pod is present (phase ${pod.phase}), but the end of its container is not observable yet`;
}

/** A termination message that is no seal was written by another program: worth quoting. */
function sealOrMessage(message: string): string {
  return message === "" || message.startsWith("{") ? "" : quoting(message);
}

function cutShort(facts: Facts, state: State, because: readonly string[], where: string): Finding {
  return {
    kind: "truncated",
    code: "claude_truncated",
    sentence: `${claude(facts)} ended without a result, ${where}: ${state.words}.`,
    fix: `${runAgain(facts)}${facts.ending.signal === "SIGKILL" ? " Raise resources.limits.memory if it recurs." : ""}`,
    because,
  };
}

function initOnly(facts: Facts, state: State, because: readonly string[]): Finding {
  const retry = facts.agent.apiRetry;
  const trying = retry
    ? ` while it retried a request to the API (${retry.status ?? retry.error ?? "no answer"}, attempt ${retry.attempt})`
    : "";
  return {
    kind: "truncated",
    code: "claude_init_only",
    sentence: `${claude(facts)} started its session but ended before the model answered${trying}: ${state.words}.`,
    fix: retry
      ? "Check the API's status and the agent's credential, then run it again."
      : "Run it again; if it recurs, read the agent's stderr in the run's log.",
    because,
  };
}

function noOutput(facts: Facts, state: State, because: readonly string[]): Finding {
  const stderr = lastLine(facts.seal?.stderr?.tail);
  const root = stderr !== null && /cannot be used with root/.test(stderr);
  return {
    kind: "truncated",
    code: "claude_start_failed",
    sentence: facts.ending.words
      ? `${claude(facts)} ended${withEnding(facts)} before it said anything${quoting(stderr)}.`
      : `Nothing was heard of ${claude(facts)}: ${state.words}.`,
    fix: root
      ? "Let the container run as a user that is not root, or set IS_SANDBOX=1 in the agent's environment."
      : "Check the image and the arguments; the agent's stderr is in the run's log.",
    because: [...because, ...(stderr === null ? [] : [`Last line of stderr: ${stderr}`])],
  };
}

/** What nobody read cannot be told from silence; what was read and not delivered to the host can. */
function isUnread(transcript: TranscriptReport | null): boolean {
  if (!transcript || transcript.unread !== undefined) return true;
  return transcript.state === "missing" && transcript.gaps.some(({ cause }) => cause === "lost");
}

function sealCountsNoLine({ seal }: Facts): boolean {
  return seal?.stdout?.lines === 0;
}

function lastLine(text: string | undefined): string | null {
  const lines = (text ?? "").split("\n").filter((line) => line.trim() !== "");
  return lines.at(-1)?.trim() ?? null;
}
