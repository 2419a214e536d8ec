import type { Waiting } from "../waiting/types.ts";

/** What the adapter itself did to the run: without it, our own deletion would look like somebody else's. */
export type Act =
  /** The run is to be stopped; `by` names the channel, `reason` is the host's. */
  | { readonly kind: "cancel"; readonly by: string; readonly reason: string; readonly at: number }
  /** The adapter stopped waiting for the pod, and deletes the Job before it reports: the pod will not start later. */
  | { readonly kind: "gave-up"; readonly waiting: Waiting; readonly waitedSec: number; readonly at: number }
  /**
   * The adapter stopped waiting for a node that does not tell of the pod's end, which was due (`why`, `by`: RFC 3339). The
   * Job stays, and holds its slot. `fix`: how an operator may release that.
   */
  | {
      readonly kind: "gave-up-pod";
      readonly why: "deletion" | "timeout";
      readonly by: string;
      readonly fix: string;
      readonly at: number;
    }
  /** The adapter leaves a living run to its successor. */
  | { readonly kind: "detach"; readonly reason: string; readonly at: number };

/** The first act of each kind: a repeated request changes nothing about when and why it was made. */
export interface ActsTaken {
  readonly cancel: Extract<Act, { kind: "cancel" }> | null;
  readonly gaveUp: Extract<Act, { kind: "gave-up" }> | null;
  readonly gaveUpPod: Extract<Act, { kind: "gave-up-pod" }> | null;
  readonly detach: Extract<Act, { kind: "detach" }> | null;
}

export const NO_ACTS: ActsTaken = { cancel: null, gaveUp: null, gaveUpPod: null, detach: null };

export function recordAct(taken: ActsTaken, act: Act): ActsTaken {
  switch (act.kind) {
    case "cancel":
      return taken.cancel ? taken : { ...taken, cancel: act };
    case "gave-up":
      return taken.gaveUp ? taken : { ...taken, gaveUp: act };
    case "gave-up-pod":
      return taken.gaveUpPod ? taken : { ...taken, gaveUpPod: act };
    case "detach":
      return taken.detach ? taken : { ...taken, detach: act };
  }
}
