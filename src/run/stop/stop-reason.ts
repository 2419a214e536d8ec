/**
 * Why a run is to be stopped. Cancelling ends the agent; losing the host's lease only ends our watch over it: the host
 * shuts down or has handed the run on, and nobody asked for the agent to stop (measured: every graceful restart of
 * Paperclip aborts with "Legacy controller lease lost").
 */
export type StopRequest =
  | { readonly kind: "cancel"; readonly by: string; readonly reason: string }
  | { readonly kind: "detach"; readonly reason: string };

/** The reason of an abort when not the host's signal but its record of the run says that it is cancelled. */
export class CancelledByRecord extends Error {
  constructor(status: string) {
    super(`Paperclip's record of the run says ${status}`);
  }
}

export function classifyStop(reason: unknown): StopRequest {
  const words = reason instanceof Error ? reason.message : String(reason ?? "no reason given");
  if (reason instanceof CancelledByRecord) return { kind: "cancel", by: "the run's record", reason: words };
  return /lease lost/i.test(words)
    ? { kind: "detach", reason: words }
    : { kind: "cancel", by: "the host", reason: words };
}
