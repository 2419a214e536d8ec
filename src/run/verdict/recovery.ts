import type { Finding } from "./cause.ts";
import { type Facts, neverLaunched } from "./facts.ts";
import type { ExecutionRecovery } from "./types.ts";

const SETTLED: ExecutionRecovery = {
  kind: "interrupted",
  providerStopped: true,
  sessionPreserved: true,
  actionOutcomes: "settled",
};

/** What the host may take as proven about a failed run; null whenever something is not proven. */
export function recoveryOf(facts: Facts, finding: Finding): ExecutionRecovery | null {
  if (finding.kind === "agent-error" || finding.kind === "detached") return null;
  const stoppedOnPurpose = finding.kind === "cancelled";
  // Nothing was begun, so nothing is in flight; `bootstrap` would make the host start what somebody just stopped.
  if (stoppedOnPurpose && facts.neverRan) return facts.stopped ? SETTLED : null;
  if (facts.neverRan || (finding.kind === "adapter-fault" && neverLaunched(facts.evidence))) {
    return { kind: "bootstrap", providerWorkStarted: false };
  }
  const orderly = stoppedOnPurpose || finding.kind === "timeout" || finding.kind === "silent";
  // A full seal is written after every child of the agent has ended: nothing is in flight.
  if (!orderly || !facts.stopped || !facts.seal || !sessionKept(facts, finding)) return null;
  return SETTLED;
}

function sessionKept({ agent, evidence: { run } }: Facts, finding: Finding): boolean {
  return run.sessionPersists && !finding.clearSession && (agent.sessionId ?? run.resumedSessionId) !== null;
}
