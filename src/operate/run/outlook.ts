/** What becomes of a Job that nobody removes, by the rules of Paperclip's supervisor. Pure. */
import { describeForeign } from "../../run/claim/claim.ts";
import { nameOf, runIdOf, stateOf } from "../../run/shared/job-state.ts";
import type { Judgement } from "../../run/supervise/supervise.ts";
import type { FoundJob } from "../look/snapshot.ts";

/** What becomes of a Job that is not removed, where somebody may wonder; a sentence. */
export function outlook({ job }: FoundJob, judgement: Judgement): string | null {
  const what = `Job ${job.metadata.namespace}/${nameOf(job)} of run ${runIdOf(job)}`;
  switch (judgement.kind) {
    case "passed-over":
      return null;
    case "agent-unknown":
      return `${what} is left alone: its node does not answer, and nobody can say whether its agent still runs.`;
    case "not-ours":
      return judgement.ownership.kind === "gone" ? null : describeForeign(job, judgement.ownership);
    case "judged":
      return outlookOf(what, job, judgement);
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
  if (action.kind === "remove" || stateOf(job) === "collected") return null;
  if (status.kind === "unreadable")
    return `${what} is left alone: whether its run is over cannot be read (${status.why}).`;
  return status.kind === "unknown" ? `${what} is left alone: Paperclip knows no such run.` : null;
}
