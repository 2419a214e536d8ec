/** Whose a Job is that carries the labels of this Paperclip's runs. */
import type { Job } from "kubernetes-types/batch/v1";
import { nameOf } from "../../shared/job-state.ts";

/** `why`: a clause about the Job. */
export type Ownership =
  | { readonly kind: "ours" }
  /** Somebody else made it, whatever its labels say. */
  | { readonly kind: "foreign"; readonly why: string }
  /** It may be ours, and nothing confirms it. `passing`: it may be confirmed later. */
  | { readonly kind: "unproven"; readonly why: string; readonly passing: boolean }
  | { readonly kind: "gone" };

/** For the operator. */
export function describeForeign(job: Job, ownership: Extract<Ownership, { kind: "foreign" | "unproven" }>): string {
  const { namespace } = job.metadata ?? {};
  const what =
    ownership.kind === "foreign"
      ? "carries the labels of this Paperclip's runs and is not its own"
      : "cannot be recognised as this Paperclip's own";
  return `Job ${nameOf(job)} (namespace ${namespace}) ${what}: ${ownership.why}. It is neither adopted nor stopped. To remove it: kubectl -n ${namespace} delete job ${nameOf(job)}`;
}
