/**
 * Why a run is to be stopped. A cancellation ends the agent. A lost lease only ends our observation of it: the host shuts
 * down or has given the run to another process, and nobody wants the agent to stop (measured: every graceful restart of Paperclip
 * aborts with "Legacy controller lease lost").
 */
export type StopRequest =
  | { readonly kind: "cancel"; readonly by: string; readonly reason: string }
  | { readonly kind: "detach"; readonly reason: string };

/** The reason of an abort that comes from the run's record in Paperclip, not from the host's signal. */
export class CancelledByRecord extends Error {
  constructor(status: string) {
    super(`Paperclip's record of the run says ${status}`);
  }
}

export function classifyStop(reason: unknown): StopRequest {
  const message = reason instanceof Error ? reason.message : String(reason ?? "no reason given");
  if (reason instanceof CancelledByRecord) return { kind: "cancel", by: "the run's record", reason: message };
  return /lease lost/i.test(message)
    ? { kind: "detach", reason: message }
    : { kind: "cancel", by: "the host", reason: message };
}
