/**
 * How a run ended: a pure function of the evidence. The stations of one failure, from the pod's status to the message:
 *
 * 1. `observe/evidence/` reads Job, pod, seal, Events and transcript into `Evidence`;
 * 2. `facts.ts` joins them: how the agent ended, what it said of itself, whether it ever ran, whether all of it is stopped;
 * 3. `CAUSES` below: the first cause that the facts show gives a `Finding` (code, sentence, fix, family);
 * 4. `fixes.ts` and `retry.ts` say what helps, and whether Paperclip is to try again by itself;
 * 5. `failure()` makes the `Verdict` of it, with every line of evidence and without credentials;
 * 6. `conclude/result.ts` puts it in the host's terms, `conclude/error-message.ts` in the few lines that a page shows.
 */
import { oneLine, redact } from "../../kubernetes/redact.ts";
import type { Evidence } from "../observe/observe.ts";
import { agentError, contradictedSuccess, interrupted } from "./agent.ts";
import type { Cause, Finding } from "./cause.ts";
import { deletedFromOutside } from "./deleted.ts";
import { disrupted, nodeSilent } from "./disrupted.ts";
import { evidenceLines } from "./evidence-lines.ts";
import { answeredNothing, claimsSuccess, endedAfterResult, type Facts, factsOf } from "./facts.ts";
import { failedBeforeLaunch, observationLost } from "./faults.ts";
import { outOfMemory } from "./out-of-memory.ts";
import { claude, withEnding } from "./phrases.ts";
import { queueRefused } from "./queue.ts";
import { recorderLost } from "./recorder-lost.ts";
import { recoveryOf } from "./recovery.ts";
import { startFailed } from "./startup.ts";
import { cancelled, deadline, detached, silent, stoppedEarlier, timedOut } from "./stopped-by-us.ts";
import { truncated } from "./truncated.ts";
import type { Account, Completed, Failure, Verdict } from "./types.ts";
import { notPrepared } from "./workspace/not-prepared.ts";
import { workLeft } from "./workspace/work-left.ts";

export { VERDICT_CODES } from "../shared/codes.ts";
export { timeOf } from "./phrases.ts";
export type { Completed, Failure, Verdict } from "./types.ts";

/**
 * The causes of a failure, in the order in which they explain a run: what we did to it; what the agent itself said;
 * what the cluster did; why it never ran; our own trouble. The first that the evidence shows is the verdict.
 */
const CAUSES: readonly Cause[] = [
  nodeSilent,
  timedOut,
  agentError,
  detached,
  disrupted,
  deadline,
  outOfMemory,
  queueRefused,
  deletedFromOutside,
  silent,
  notPrepared,
  startFailed,
  stoppedEarlier,
  observationLost,
  recorderLost,
  contradictedSuccess,
  interrupted,
];

/** How the run ended. Never throws, never guesses. */
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

/**
 * All three must agree: the agent's result event, the agent's exit code, the container's end. Where the runner ended a
 * process that went on after its result, the exit code is the runner's doing, and the result alone counts.
 */
function completed(facts: Facts): Completed | null {
  const { agent, ending, container } = facts;
  if (!claimsSuccess(agent) || answeredNothing(agent)) return null;
  const ended = endedAfterResult(facts);
  if (!ended && (ending.exitCode !== 0 || ending.signal !== null || container?.exitCode !== 0)) return null;
  const turns = agent.result?.numTurns;
  const after = turns ? ` after ${turns} ${turns === 1 ? "turn" : "turns"}` : "";
  const process = ended ? `; its process went on and had to be ended, which it did${withEnding(facts)}` : "";
  const sentence = `${claude(facts)} completed its task${after}${process}.`;
  const killed = ending.signal === "SIGKILL" || ending.exitCode === 137;
  return {
    ...account(facts, sentence, [], false),
    kind: "completed",
    code: null,
    exitCode: 0,
    signal: null,
    endedBy: ended ? (killed ? "SIGKILL" : "SIGTERM") : null,
  };
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
    clearSession: (finding.clearSession ?? false) || lostItsSession(facts),
  };
}

/** The session to resume could not be, and the one in its stead never began: there is none to go on with. */
function lostItsSession({ evidence: { seal }, agent }: Facts): boolean {
  return seal?.freshSession !== undefined && agent.sessionId === null;
}

function account(facts: Facts, sentence: string, because: readonly string[], noSession: boolean): Account {
  const { agent, ending } = facts;
  return {
    sentence: clean(sentence),
    evidence: evidenceLines(facts, because).map(clean),
    exitCode: ending.exitCode,
    signal: ending.signal,
    stopped: facts.stopped,
    noTranscript: facts.noTranscript,
    sessionId: noSession ? null : agent.sessionId,
    model: facts.model,
    usage: agent.usage,
    cost: agent.cost,
    result: agent.result,
    summary: agent.summary,
    workLeft: cleanLeft(facts),
  };
}

function cleanLeft(facts: Facts): Account["workLeft"] {
  const left = workLeft(facts);
  return left && { ...left, sentence: `${clean(left.sentence)}.` };
}

/** Others' words (a registry's, stderr's) stand in sentences: no credential may come with them, nor a second line. */
function clean(text: string): string {
  return oneLine(redact(text), 1000);
}
