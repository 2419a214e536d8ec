/**
 * Why the host aborts a run. Cancelling ends the agent; losing the host's lease only ends our watch over it: the host
 * shuts down or has handed the run on, and nobody asked for the agent to stop (measured: every graceful restart of
 * Paperclip aborts with "Legacy controller lease lost").
 */
export type StopRequest =
  | { readonly kind: "cancel"; readonly reason: string }
  | { readonly kind: "detach"; readonly reason: string };

export function readStopRequest(reason: unknown): StopRequest {
  const words = reason instanceof Error ? reason.message : String(reason ?? "no reason given");
  return { kind: /lease lost/i.test(words) ? "detach" : "cancel", reason: words };
}
