import type { PodFacts, TranscriptReport } from "../observe/observe.ts";
import { emptyResponse } from "./agent.ts";
import type { Finding } from "./cause.ts";
import { stoppedBeforeStart } from "./ending.ts";
import type { Known } from "./facts.ts";
import { claude, quoting, runAgain, withEnding } from "./phrases.ts";

/**
 * No result, and no cause that the cluster names: what remains is how far the agent got and which of three honest
 * states its container is in: gone, present but its end not observable, terminated.
 */
export function truncated(known: Known): Finding {
  const state = containerState(known);
  const { agent, evidence } = known;
  const linesLost = isUnread(evidence.transcript);
  const because = [state.evidence];
  if (agent.result) return unconfirmed(known, state, because);
  if (stoppedBeforeStart(known.seal)) return stoppedEarly(known, because);
  if (agent.progress === "content") return cutShort(known, state, because, "in the middle of its work");
  if (agent.progress === "empty") return { ...emptyResponse(known), because };
  // Lines are missing: what looks like silence may have been work.
  if (linesLost && !silentBySeal(known))
    return cutShort(known, state, because, "and the transcript does not show how far it got");
  if (agent.progress === "started") return initOnly(known, state, because);
  return saidNothingAtAll(known, state, because);
}

/** A result without an exit code: half a proof is none. */
function unconfirmed(known: Known, state: State, because: readonly string[]): Finding {
  const said = known.agent.result?.isError === false ? "success" : "its result";
  return {
    kind: "truncated",
    code: "k8s_observation_lost",
    sentence: `${claude(known)} reported ${said}, but nobody saw how its process ended: ${state.words}.`,
    fix: "Check the result before you rely on it; the transcript shows what was done.",
    because,
  };
}

function stoppedEarly(known: Known, because: readonly string[]): Finding {
  return {
    kind: "start-failed",
    code: "claude_start_failed",
    sentence: `${claude(known)} was stopped before it started: its pod was told to end (SIGTERM), and nothing that was seen says by whom.`,
    fix: "Run it again: nothing of it ran.",
    because,
  };
}

interface State {
  readonly words: string;
  readonly evidence: string;
}

function containerState({ evidence: { pod }, ending, container }: Known): State {
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

function cutShort(known: Known, state: State, because: readonly string[], where: string): Finding {
  return {
    kind: "truncated",
    code: "claude_truncated",
    sentence: `${claude(known)} ended without a result, ${where}: ${state.words}.`,
    fix: `${runAgain(known)}${known.ending.signal === "SIGKILL" ? " Raise resources.limits.memory if it recurs." : ""}`,
    because,
  };
}

function initOnly(known: Known, state: State, because: readonly string[]): Finding {
  const retry = known.agent.apiRetry;
  const trying = retry
    ? ` while it retried a request to the API (${retry.status ?? retry.error ?? "no answer"}, attempt ${retry.attempt})`
    : "";
  return {
    kind: "truncated",
    code: "claude_init_only",
    sentence: `${claude(known)} started its session but ended before the model answered${trying}: ${state.words}.`,
    fix: retry
      ? "Check the API's status and the agent's credential, then run it again."
      : "Run it again; if it recurs, read the agent's stderr in the run's log.",
    because,
  };
}

function saidNothingAtAll(known: Known, state: State, because: readonly string[]): Finding {
  const stderr = lastLine(known.seal?.stderr?.tail);
  const root = stderr !== null && /cannot be used with root/.test(stderr);
  return {
    kind: "truncated",
    code: "claude_start_failed",
    sentence: known.ending.words
      ? `${claude(known)} ended${withEnding(known)} before it said anything${quoting(stderr)}.`
      : `Nothing was heard of ${claude(known)}: ${state.words}.`,
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

function silentBySeal({ seal }: Known): boolean {
  return seal?.stdout?.lines === 0;
}

function lastLine(text: string | undefined): string | null {
  const lines = (text ?? "").split("\n").filter((line) => line.trim() !== "");
  return lines.at(-1)?.trim() ?? null;
}
