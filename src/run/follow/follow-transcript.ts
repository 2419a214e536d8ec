import { type Clock, type Random, systemClock } from "../../kubernetes/clock.ts";
import type { Channel } from "../../runner/frame.ts";
import type { Seal } from "../../runner/seal.ts";
import { type Completeness, completeness } from "./assemble/completeness.ts";
import type { FollowEvent } from "./assemble/events.ts";
import type { LineSink } from "./assemble/line-sink.ts";
import type { Mode } from "./assemble/log-form.ts";
import { Delivery } from "./deliver/delivery.ts";
import type { OnLog } from "./deliver/host-calls.ts";
import { Follower } from "./follower.ts";
import type { ContainerView } from "./read/container.ts";
import { DEFAULT_LIMITS, type FollowLimits } from "./read/limits.ts";
import type { OpenLog } from "./read/log-source.ts";
import type { GapSource } from "./refill/gap-source.ts";

export interface FollowOptions {
  readonly open: OpenLog;
  readonly container: ContainerView;
  readonly onLog: OnLog;
  /** Transforms the lines, once they are counted and hashed, before `onLog`. @default nothing */
  readonly page?: ((shown: LineSink) => LineSink) | undefined;
  /** Each line of the agent as it arrives, without its newline; the bytes are valid during the call only. */
  readonly onLine?: ((channel: Channel, line: Buffer) => void) | undefined;
  readonly onEvent?: ((event: FollowEvent) => void) | undefined;
  /** The log has ended, and its last line is the runner's seal. @default nothing */
  readonly onSealed?: ((seal: Seal) => void) | undefined;
  /** Nothing but the runner can write to the log: `onSealed` comes as soon as the seal does. @default false */
  readonly isRecorded?: boolean;
  /** Other sources of missing lines, in order; the log API itself always comes first. */
  readonly sources?: readonly GapSource[];
  /** Stops following; lines that have arrived are still delivered for up to two seconds. */
  readonly signal: AbortSignal;
  readonly clock?: Clock;
  /** @default Math.random */
  readonly random?: Random;
  readonly limits?: Partial<FollowLimits>;
}

const GRACE_AFTER_STOP_MS = 2000;

export interface FollowReport {
  readonly transcript: Completeness;
  readonly mode: Mode;
  /** Why nobody could read the log; null when it was read, whatever it said. */
  readonly unread: string | null;
  /** True when the caller's signal ended it before the container's end was drained. */
  readonly stopped: boolean;
  /** Log streams that were opened. */
  readonly streams: number;
  /** Bytes of whole lines that were read, each line once. */
  readonly bytes: number;
  /** Lines that the API sent again. */
  readonly repeated: number;
  /** The first fault of `onLog`; lines behind it were still offered. */
  readonly sinkFault: Error | null;
}

/** Follows a container's log until its end is drained. Never rejects for what the cluster or the host does. */
export async function followTranscript(options: FollowOptions): Promise<FollowReport> {
  const { clock = systemClock, random = Math.random, signal } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const event = quietly(options.onEvent);
  let sinkFault: Error | null = null;
  const delivery = new Delivery({
    onLog: options.onLog,
    onFault: (error) => {
      sinkFault = error;
      event({ type: "sink-fault", sink: "onLog", error });
    },
    onFull: (message) => event({ type: "full", message }),
    maxBytes: limits.deliveredBytes,
    onSpill: (error) => event({ type: "spill", error }),
    memoryBytes: limits.memoryBytes,
    clock,
    limitMs: (hanging) => (hanging ? limits.onLogHungTimeoutMs : limits.onLogTimeoutMs),
  });
  const follower = new Follower({
    ...options,
    clock,
    random,
    limits,
    sink: options.page?.(delivery) ?? delivery,
    onLine: observed(options.onLine, event),
    onEvent: event,
    onSealed: options.onSealed ?? (() => undefined),
    isRecorded: options.isRecorded ?? false,
    sources: options.sources ?? [],
  });
  await follower.run();
  await flush(delivery, clock, signal);
  const { transcript, streams, endpoint } = follower;
  const stopped = signal.aborted && !follower.drained;
  const unread = transcript.taken === 0 ? endpoint.unread : null;
  const { container } = options;
  const end = { stopped, unread, podGone: container.state() === "gone", undelivered: delivery.undelivered() };
  const judged = completeness(transcript, container.seal(), end);
  return {
    transcript: judged,
    mode: transcript.mode,
    // A seal that counts no line proves an empty log, read or not.
    unread: judged.state === "complete" ? null : unread,
    stopped,
    streams,
    bytes: transcript.bytes,
    repeated: transcript.repeated,
    sinkFault,
  };
}

async function flush(delivery: Delivery, clock: Clock, signal: AbortSignal): Promise<void> {
  const giveUp = new AbortController();
  const done = new AbortController();
  const onStop = () => {
    clock.sleep(GRACE_AFTER_STOP_MS, done.signal).then(
      () => giveUp.abort(),
      () => undefined,
    );
  };
  if (signal.aborted) onStop();
  signal.addEventListener("abort", onStop, { once: true });
  await delivery.finish(giveUp.signal);
  signal.removeEventListener("abort", onStop);
  done.abort();
}

/** An event listener that throws does not end the follower. */
function quietly(onEvent: ((event: FollowEvent) => void) | undefined): (event: FollowEvent) => void {
  return (event) => {
    try {
      onEvent?.(event);
    } catch {
      // There is nobody to report it to.
    }
  };
}

function observed(
  onLine: FollowOptions["onLine"],
  event: (event: FollowEvent) => void,
): ((channel: Channel, line: Buffer) => void) | undefined {
  if (!onLine) return undefined;
  let reported = false;
  return (channel, line) => {
    try {
      onLine(channel, line);
    } catch (thrown) {
      if (reported) return;
      reported = true;
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      event({ type: "sink-fault", sink: "onLine", error });
    }
  };
}
