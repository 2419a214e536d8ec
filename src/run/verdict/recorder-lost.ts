import type { Cause } from "./cause.ts";
import { claude, runAgain, withEnding } from "./phrases.ts";

/** The container that keeps the record ended first, so the runner ended the agent: nothing it did was recorded any more. */
export const recorderLost: Cause = (facts) => {
  const { pod, seal } = facts.evidence;
  const end = pod?.recorder?.terminated;
  if (!end || (seal && !seal.partial) || facts.neverRan) return null;
  const { terminated } = pod.agent;
  if (!pod.recorder?.restarted && terminated && terminated.seenAt <= end.seenAt) return null;
  const memory =
    end.reason === "OOMKilled"
      ? " The recorder has a fixed limit of 256Mi of memory, which very long lines can exceed."
      : "";
  return {
    kind: "truncated",
    code: facts.agent.progress === "content" && !facts.agent.result ? "claude_truncated" : "k8s_observation_lost",
    sentence: `The container that records the run ended before the agent's (exit code ${end.exitCode}, ${end.reason}), so ${claude(facts)} was ended; it ended${withEnding(facts)}, and what it did last is not recorded.`,
    fix: `${runAgain(facts)}${memory}`,
    because: [`Container ${pod.recorder?.name}: terminated, exit code ${end.exitCode}, ${end.reason}`],
  };
};
