import { oneLine, redact } from "../../kubernetes/redact.ts";
import type { Evidence } from "../observe/observe.ts";
import { agentError, contradictedSuccess, interrupted } from "./agent.ts";
import type { Cause, Finding } from "./cause.ts";
import { deletedFromOutside, disrupted, outOfMemory } from "./cluster.ts";
import { evidenceLines } from "./evidence-lines.ts";
import { answeredNothing, claimsSuccess, type Facts, factsOf } from "./facts.ts";
import { failedBeforeLaunch, observationLost } from "./faults.ts";
import { claude } from "./phrases.ts";
import { recoveryOf } from "./recovery.ts";
import { startFailed } from "./startup.ts";
import { cancelled, deadline, detached, stoppedEarlier, timedOut } from "./stopped-by-us.ts";
import { truncated } from "./truncated.ts";
import type { Account, Completed, Failure, Verdict } from "./types.ts";

export { VERDICT_CODES } from "../shared/codes.ts";
export { timeOf } from "./phrases.ts";
export type { Failure, Verdict } from "./types.ts";

/**
 * The causes of a failure, in the order in which they explain a run: what we did to it; what the agent itself said;
 * what the cluster did; why it never ran; our own trouble. The first that the evidence shows is the verdict.
 */
const CAUSES: readonly Cause[] = [
  timedOut,
  agentError,
  detached,
  disrupted,
  deadline,
  outOfMemory,
  deletedFromOutside,
  startFailed,
  stoppedEarlier,
  observationLost,
  contradictedSuccess,
  interrupted,
];

/** How the run ended: a pure function of what was seen. Never throws, never guesses. */
export function judge(evidence: Evidence): Verdict {
  const facts = factsOf(evidence);
  const before = failedBeforeLaunch(facts) ?? cancelled(facts);
  if (before) return failure(facts, before);
  return completed(facts) ?? failure(facts, firstOf(CAUSES, facts) ?? truncated(facts));
}

function firstOf(causes: readonly Cause[], facts: Facts): Finding | null {
  for (const cause of causes) {
    const finding = cause(facts);
    if (finding) return finding;
  }
  return null;
}

/** All three evidenceLines must agree: the agent's result event, the agent's exit code, the container's end. */
function completed(facts: Facts): Completed | null {
  const { agent, ending, container } = facts;
  if (!claimsSuccess(agent) || answeredNothing(agent)) return null;
  if (ending.exitCode !== 0 || ending.signal !== null || container?.exitCode !== 0) return null;
  const turns = agent.result?.numTurns;
  const after = turns ? ` after ${turns} ${turns === 1 ? "turn" : "turns"}` : "";
  const sentence = `${claude(facts)} completed its task${after}.`;
  return { ...account(facts, sentence, [], false), kind: "completed", code: null, exitCode: 0 };
}

function failure(facts: Facts, finding: Finding): Failure {
  return {
    ...account(facts, finding.sentence, finding.because, finding.noSession ?? false),
    kind: finding.kind,
    code: finding.code,
    fix: clean(finding.fix),
    timedOut: finding.timedOut ?? false,
    errorFamily: finding.errorFamily ?? null,
    retryNotBefore: finding.retryNotBefore ?? null,
    executionRecovery: recoveryOf(facts, finding),
    clearSession: finding.clearSession ?? false,
  };
}

function account(facts: Facts, sentence: string, because: readonly string[], noSession: boolean): Account {
  const { agent, ending, evidence } = facts;
  return {
    sentence: clean(sentence),
    evidence: evidenceLines(facts, because).map(clean),
    exitCode: ending.exitCode,
    signal: ending.signal,
    stopped: facts.stopped,
    sessionId: noSession ? null : (agent.sessionId ?? evidence.run.resumedSessionId),
    model: facts.model,
    usage: agent.usage,
    cost: agent.cost,
    summary: agent.summary,
  };
}

/** Others' words (a registry's, stderr's) stand in sentences: no credential may come with them, nor a second line. */
function clean(text: string): string {
  return oneLine(redact(text), 1000);
}
