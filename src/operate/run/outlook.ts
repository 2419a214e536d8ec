/** What becomes of a Job that nobody removes, by the rules of Paperclip's supervisor. Pure. */

import type { Removal } from "../../run/claim/claim.ts";
import { describeForeign } from "../../run/claim/claim.ts";
import { nameOf, runIdOf, stateOf } from "../../run/shared/job-state.ts";
import { isInLine, type Judgement } from "../../run/supervise/supervise.ts";
import type { FoundJob } from "../look/snapshot.ts";

/** What is removed by these rules; null: nothing. */
export function removalOf({ job }: Pick<FoundJob, "job">, judgement: Judgement): Removal | null {
  if (judgement.kind !== "judged" || judgement.action.kind !== "remove") return null;
  // Its token, by which its run's record is read, is good for two days; Paperclip's server knows the runs that it has itself.
  return isInLine(job) && judgement.status.kind === "unreadable" ? null : judgement.action.removal;
}

/** What becomes of a Job that is not removed, where somebody may wonder; a sentence. */
export function outlook({ job }: Pick<FoundJob, "job">, judgement: Judgement): string | null {
  const what = `Job ${job.metadata.namespace}/${nameOf(job)} of run ${runIdOf(job)}`;
  switch (judgement.kind) {
    case "passed-over":
      return null;
    case "agent-unknown":
      return `${what} is left alone: its node does not answer, and nobody can say whether its agent still runs.`;
    case "not-ours":
      return judgement.ownership.kind === "gone" ? null : describeForeign(job, judgement.ownership);
    case "judged":
      return removalOf({ job }, judgement) ? null : outlookOf(what, job, judgement);
  }
}

function outlookOf(
  what: string,
  job: FoundJob["job"],
  judgement: Extract<Judgement, { kind: "judged" }>,
): string | null {
  const { action, status } = judgement;
  if (action.kind === "wake") {
    const state = stateOf(job) === "started" ? "its agent works on" : "its outcome is not collected";
    return `${what} is lost (Paperclip: ${"status" in status ? status.status : status.kind}) and ${state}: the task's next run takes it over.`;
  }
  if (stateOf(job) === "collected") return null;
  if (status.kind === "unreadable")
    return `${what} is left alone: whether its run is over cannot be read (${status.why}).`;
  return status.kind === "unknown" ? `${what} is left alone: Paperclip knows no such run.` : null;
}
