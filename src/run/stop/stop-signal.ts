/**
 * Joins the two ways in which a run is asked to stop: the host's signal, and the run's own record, which is polled in
 * case the signal never comes. Only the statuses cancelled and cancelling stop anything: any other status, an error or
 * no answer is no request to stop.
 */
import type { AdapterExecutionContext } from "@paperclipai/adapter-utils";
import type { CancellationPoller } from "../../paperclip/cancellation-poller.ts";
import { isCancelled, type ReadRunStatus, type RunStatus, type RunStatusOptions } from "../../paperclip/run-status.ts";
import { CancelledByRecord, classifyStop } from "./stop-reason.ts";

export interface StopSignalInput {
  readonly ctx: Pick<AdapterExecutionContext, "runId" | "signal" | "agent">;
  /** Where the run's record is, and the token that reads it. Without either it is not polled. */
  readonly record: Pick<RunStatusOptions, "url" | "token">;
  readonly readStatus: ReadRunStatus;
  readonly cancellations: Pick<CancellationPoller, "watch">;
  /** Called once when Paperclip does not accept the run's token. */
  readonly warn: (message: string) => Promise<void>;
  /** Aborts when the run is over. */
  readonly runEnded: AbortSignal;
}

/** A host that shuts down waits 5 s for its runs (measured): the last reading must be quick. Milliseconds. */
const LAST_READING_MS = 3_000;

/** Aborts when the run is to be stopped or detached; classifyStop() tells which from its reason. */
export function createStopSignal(input: StopSignalInput): AbortSignal {
  const { runEnded } = input;
  const { signal: host } = input.ctx;
  const stop = new AbortController();
  const obeyHost = (): void => {
    if (classifyStop(host?.reason).kind === "cancel") stop.abort(host?.reason);
    else void readOnceMore(input).then((status) => stop.abort(cancellationIn(status) ?? host?.reason));
  };
  if (host?.aborted) obeyHost();
  host?.addEventListener("abort", obeyHost, { once: true, signal: runEnded });
  pollRecord(input, stop);
  return stop.signal;
}

/** The lease is also lost when the run was cancelled elsewhere: then the agent must be stopped. */
function readOnceMore({ ctx, readStatus }: StopSignalInput): Promise<RunStatus> {
  return readStatus(ctx.runId, AbortSignal.timeout(LAST_READING_MS));
}

function pollRecord({ ctx, record, cancellations, warn, runEnded }: StopSignalInput, stop: AbortController): void {
  const { url, token } = record;
  if (!url || !token || runEnded.aborted || stop.signal.aborted) return;
  const leave = cancellations.watch({
    url,
    token,
    companyId: ctx.agent.companyId,
    runId: ctx.runId,
    onCancelled: (status) => stop.abort(new CancelledByRecord(status)),
    onDenied: (why) =>
      void warn(
        `A cancellation through Paperclip's API cannot be noticed at the moment: ${why}. Stop on the run's page still works.`,
      ),
  });
  for (const signal of [runEnded, stop.signal]) signal.addEventListener("abort", leave, { once: true });
}

function cancellationIn(status: RunStatus): CancelledByRecord | null {
  return "status" in status && isCancelled(status.status) ? new CancelledByRecord(status.status) : null;
}
