import type { PodFacts, TranscriptReport } from "../observe/observe.ts";
import type { Finding } from "./cause.ts";
import { stoppedBeforeStart } from "./ending.ts";
import type { Facts } from "./facts.ts";
import { FIXES } from "./fixes.ts";
import { isMemoryLowered } from "./out-of-memory.ts";
import { claude, quoting, runAgain, withEnding } from "./phrases.ts";
import { NO_RETRY, RETRY } from "./retry.ts";

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
  if (agent.progress === "empty") return emptyResponse(facts, because);
  if (evidence.transcript?.unread !== undefined && agent.progress === "nothing" && !sealCountsNoLine(facts))
    return logUnread(facts, evidence.transcript.unread, state, because);
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
    fix: FIXES.checkResult,
    because,
  };
}

function stoppedEarly(facts: Facts, because: readonly string[]): Finding {
  return {
    kind: "start-failed",
    code: "claude_start_failed",
    sentence: `${claude(facts)} was stopped before it started: its pod was told to end (SIGTERM), and nothing shows by whom.`,
    fix: runAgain(facts),
    because,
    ...RETRY,
  };
}

function emptyResponse(facts: Facts, because: readonly string[]): Finding {
  return {
    kind: "agent-error",
    code: "llm_api_error",
    sentence: `The model gave an empty response, and ${claude(facts)} ended${withEnding(facts)}.`,
    fix: FIXES.emptyResponse,
    because,
    ...RETRY,
  };
}

/** How far the agent got nobody can say: it is not for that that it would count as one that never started. */
function logUnread(facts: Facts, why: string, state: State, because: readonly string[]): Finding {
  return {
    kind: "truncated",
    code: "k8s_observation_lost",
    sentence: `The log of ${claude(facts)} could not be read${quoting(why)}; ${state.words}, and what it did is not known.`,
    fix: FIXES.logUnread,
    because,
    ...podLost(facts),
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
    fix: facts.ending.signal === "SIGKILL" ? `${runAgain(facts)} ${killedFix(facts)}` : runAgain(facts),
    because,
    ...podLost(facts),
  };
}

/** A kill by the kernel is not always called OOMKilled. */
const killedFix = (facts: Facts): string =>
  `If memory was short: ${isMemoryLowered(facts) ? FIXES.memoryOfCluster : FIXES.memory}`.replace(": R", ": r");

function initOnly(facts: Facts, state: State, because: readonly string[]): Finding {
  const retry = facts.agent.apiRetry;
  const trying = retry
    ? ` while it retried a request to the API (${retry.status ?? retry.error ?? "no answer"}, attempt ${retry.attempt})`
    : "";
  return {
    kind: "truncated",
    code: "claude_init_only",
    sentence: `${claude(facts)} started its session but ended before the model answered${trying}: ${state.words}.`,
    fix: retry ? FIXES.apiUnreachable : FIXES.readStderr,
    because,
    ...(apiFailed(retry) ? RETRY : podLost(facts)),
  };
}

/** Its pod went with no word of why: evicted, preempted or lost, as a rule. */
function podLost({ evidence: { pod }, container, stopped }: Facts): typeof NO_RETRY {
  return pod && pod.presence !== "present" && !container && stopped ? RETRY : NO_RETRY;
}

/** No answer, a throttle or a fault of the API's; a refusal (a wrong key) stays one. */
function apiFailed(retry: Facts["agent"]["apiRetry"]): boolean {
  if (!retry) return false;
  return retry.status === null || retry.status === 408 || retry.status === 429 || retry.status >= 500;
}

function noOutput(facts: Facts, state: State, because: readonly string[]): Finding {
  const stderr = lastLine(facts.seal?.stderr?.tail);
  const root = stderr !== null && /cannot be used with root/.test(stderr);
  return {
    kind: "truncated",
    code: "claude_start_failed",
    sentence: facts.ending.words
      ? `${claude(facts)} ended${withEnding(facts)} ${printedNothing(facts)}${quoting(stderr)}.`
      : `No output of ${claude(facts)} was received: ${state.words}.`,
    fix: root ? FIXES.root : FIXES.startCommand,
    because: [...because, ...(stderr === null ? [] : [`Last line of stderr: ${stderr}`])],
    ...podLost(facts),
  };
}

/** What nobody read cannot be told from silence; what was read and not delivered to the host can. */
function isUnread(transcript: TranscriptReport | null): boolean {
  if (!transcript || transcript.unread !== undefined) return true;
  return transcript.state === "missing" && transcript.gaps.some(({ cause }) => cause === "lost");
}

/** That it printed nothing is known where every line was counted; else only that none was received. */
function printedNothing(facts: Facts): string {
  const counted = sealCountsNoLine(facts) || facts.evidence.transcript?.state === "complete";
  return counted ? "before it printed anything" : "and no output of it was received";
}

function sealCountsNoLine({ seal }: Facts): boolean {
  return seal?.stdout?.lines === 0;
}

function lastLine(text: string | undefined): string | null {
  const lines = (text ?? "").split("\n").filter((line) => line.trim() !== "");
  return lines.at(-1)?.trim() ?? null;
}
