/** Reports that the API server refuses or fails, while calls to it are retried: a run that waits says what for. */
import type { ApiError } from "../../kubernetes/api-error.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import type { Host } from "../../paperclip/host.ts";
import { awayInWords, webhookAway } from "../shared/api-advice.ts";

/** Milliseconds for which a failure that passes is nobody's concern. */
const TELL_AFTER_MS = 5_000;
const LOOK_EVERY_MS = 1_000;

/** Resolves when the signal aborts. Each kind of trouble is reported once. */
export async function tellRetries(
  { retriedCall, clock }: Pick<KubernetesClient, "retriedCall" | "clock">,
  host: Pick<Host, "notice" | "status">,
  signal: AbortSignal,
): Promise<void> {
  const told = new Set<string>();
  while (!signal.aborted) {
    await clock.sleep(LOOK_EVERY_MS, signal).catch(() => "the signal has aborted");
    const retried = retriedCall();
    if (signal.aborted || !retried || clock.now() - retried.since < TELL_AFTER_MS) continue;
    const message = `Waiting for the API server: ${inWords(retried.error)}`;
    if (told.has(message)) continue;
    told.add(message);
    await host.notice({ type: "k8s.api.waiting", level: "warn", message });
    await host.status(message);
  }
}

/** Without what the call was about: all runs share the client, and it may be another's. */
function inWords(error: ApiError): string {
  const { kind, status, reason, code, detail } = error;
  const away = webhookAway(error);
  if (away !== null) return awayInWords(away);
  switch (kind) {
    case "status":
    case "protocol":
      return `it answers ${status}${reason ? ` ${reason}` : ""}`;
    case "unreachable":
      return `it cannot be reached${code ? ` (${code})` : ""}`;
    case "timeout":
      return "it does not answer in time";
    case "credentials":
      return `no credentials are available: ${detail}`;
  }
}
