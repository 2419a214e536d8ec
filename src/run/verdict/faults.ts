import { isVerdictCode } from "../shared/codes.ts";
import type { Fault } from "../shared/run-fault.ts";
import type { Cause, Finding } from "./cause.ts";
import type { Facts } from "./facts.ts";
import { FIXES } from "./fixes.ts";
import { NO_RETRY, RETRY } from "./retry.ts";

/** A fault of the adapter's side that ended the run before there was a pod. */
export const failedBeforeLaunch: Cause = (facts) => {
  const { pod, job, acts } = facts.evidence;
  const fault = fatalFault(facts);
  if (!fault || pod || acts.cancel || acts.gaveUp || facts.agent.progress !== "nothing") return null;
  // A Job that is gone, or one whose pod was refused, has its own story.
  if (job && job.presence !== "present") return null;
  return findingOf(fault, facts);
};

/** A fault after which the adapter could not observe the run, with nothing else to explain its end. */
export const observationLost: Cause = (facts) => {
  const fault = fatalFault(facts);
  return fault && !facts.container ? findingOf(fault, facts) : null;
};

function fatalFault({ evidence: { faults } }: Facts): Fault | null {
  return faults.find(({ fatal }) => fatal) ?? null;
}

function findingOf(fault: Fault, facts: Facts): Finding {
  const alive = facts.stopped ? "" : "; the run may still be alive in the cluster";
  return {
    kind: "adapter-fault",
    code: isVerdictCode(fault.code) ? fault.code : "k8s_adapter_fault",
    sentence: `${fault.message.replace(/[.\s]+$/, "") || "The adapter failed"}${alive}.`,
    fix: fault.fix?.trim() || FIXES.report,
    because: isVerdictCode(fault.code) ? [] : [`Fault ${fault.code}`],
    ...(fault.transient ? RETRY : NO_RETRY),
  };
}
