import type { Cause } from "./cause.ts";
import { cutOff } from "./cut-off.ts";
import type { Facts } from "./facts.ts";
import { FIXES } from "./fixes.ts";
import { claude, withEnding } from "./phrases.ts";

/** What the Job asks for is the agent's setting; admission may have given its pod another limit. */
export function isMemoryLowered({ evidence: { pod, job } }: Facts): boolean {
  const limit = pod?.memoryLimit ?? null;
  return limit !== null && job?.memoryLimit != null && job.memoryLimit !== limit;
}

/** The kernel killed the container, or a process in it, for want of memory. */
export const outOfMemory: Cause = (facts) => {
  const { container, ending } = facts;
  if (container?.reason !== "OOMKilled") return null;
  // With cgroup v1 a killed child leaves the container alive; its later end, whatever the code, is called OOMKilled.
  const whole = ending.signal === "SIGKILL" || ending.exitCode === 137;
  const who = whole ? claude(facts) : `a process of ${claude(facts)}`;
  const { pod, job } = facts.evidence;
  const limit = pod?.memoryLimit ?? null;
  const lowered = isMemoryLowered(facts);
  const inForce = limit === null ? "" : ` (limit ${limit}${lowered ? `; the Job asks for ${job?.memoryLimit}` : ""})`;
  return {
    kind: "out-of-memory",
    code: cutOff(facts, "k8s_out_of_memory"),
    sentence: `The agent's container ran out of memory${inForce}, and the kernel killed ${who} (OOMKilled); it ended${withEnding(facts)}.`,
    fix: lowered ? FIXES.memoryOfCluster : FIXES.memory,
    because: [`Container ${pod?.agent.name}: terminated, OOMKilled, exit code ${container.exitCode}`],
  };
};
