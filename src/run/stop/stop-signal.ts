/**
 * Hears everybody who may order a run to stop: the host's signal, and the run's own record, which is polled in case the
 * signal never comes. Only the words cancelled and cancelling stop anything: any other status, an error or silence says
 * nothing about what somebody wants.
 */
import type { Clock, Random } from "../../kubernetes/clock.ts";
import type { ReadRunStatus, RunStatus } from "../../paperclip/run-status.ts";
import { CancelledByRecord, classifyStop } from "./stop-reason.ts";

export interface StopSignalInput {
  readonly runId: string;
  /** The host's signal; undefined when the host has none. */
  readonly host: AbortSignal | undefined;
  readonly readStatus: ReadRunStatus;
  /** Hears once when polling ends because Paperclip does not accept the run's token. */
  readonly tell: (message: string) => Promise<void>;
  /** The run is over. */
  readonly over: AbortSignal;
  readonly clock: Clock;
  readonly random: Random;
}

/** Between two looks at the record: this and up to as much more, milliseconds. */
const LOOK_EVERY_MS = 15_000;
/** A host that shuts down waits 5 s for its runs (measured): the last look must be quick. Milliseconds. */
const LAST_LOOK_MS = 3_000;

/** Aborts when the run is to be stopped or left; classifyStop() tells which from its reason. Never polls without a token. */
export function createStopSignal(input: StopSignalInput): AbortSignal {
  const { host, over } = input;
  const orders = new AbortController();
  const obeyHost = (): void => {
    if (classifyStop(host?.reason).kind === "cancel") orders.abort(host?.reason);
    else void lookOnceMore(input).then((status) => orders.abort(orderIn(status) ?? host?.reason));
  };
  if (host?.aborted) obeyHost();
  host?.addEventListener("abort", obeyHost, { once: true, signal: over });
  poll(input, orders).catch(() => "the run is over");
  return orders.signal;
}

/** The lease is lost also when the run was ended behind our back: then the agent must not go on. */
async function lookOnceMore({ runId, readStatus }: StopSignalInput): Promise<RunStatus> {
  return readStatus(runId, AbortSignal.timeout(LAST_LOOK_MS));
}

async function poll({ runId, readStatus, tell, over, clock, random }: StopSignalInput, orders: AbortController) {
  const ended = AbortSignal.any([over, orders.signal]);
  for (;;) {
    await clock.sleep(LOOK_EVERY_MS * (1 + random()), ended);
    const status = await readStatus(runId, ended);
    if (ended.aborted) return;
    const order = orderIn(status);
    if (order) return orders.abort(order);
    if (status.kind === "unreadable" && status.denied)
      return tell(
        `The run's record is not looked at any more for a cancellation: ${status.why}. The host's Stop still works.`,
      );
  }
}

function orderIn(status: RunStatus): CancelledByRecord | null {
  const word = status.kind === "over" || status.kind === "alive" ? status.status : "";
  return word === "cancelled" || word === "cancelling" ? new CancelledByRecord(word) : null;
}
