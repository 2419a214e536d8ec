import { fullJitter } from "../../kubernetes/backoff.ts";
import { type Clock, type Random, systemClock } from "../../kubernetes/clock.ts";
import type { Channel } from "../../runner/frame.ts";
import { type Completeness, completeness } from "./assemble/completeness.ts";
import type { ContainerWitness } from "./read/container.ts";
import { Delivery, type OnLog } from "./deliver/deliver.ts";
import type { FollowEvent } from "./assemble/events.ts";
import { Follower } from "./follower.ts";
import type { GapSource } from "./refill/gap-source.ts";
import type { Mode } from "./assemble/log-form.ts";
import type { OpenLog } from "./read/log-source.ts";
import type { Outlet } from "./deliver/line-sink.ts";

export interface FollowOptions {
  readonly open: OpenLog;
  readonly container: ContainerWitness;
  readonly onLog: OnLog;
  /** What stands between the lines, once they are counted and hashed, and `onLog`. @default nothing */
  readonly page?: ((shown: Outlet) => Outlet) | undefined;
  /** Each line of the agent as it arrives, without its newline; the bytes are valid during the call only. */
  readonly onLine?: ((channel: Channel, line: Buffer) => void) | undefined;
  readonly onEvent?: ((event: FollowEvent) => void) | undefined;
  /** Where else missing lines may be had, in the order in which to ask; the log API itself is always asked first. */
  readonly sources?: readonly GapSource[];
  /** Stops following; what arrived is still handed on for up to two seconds. */
  readonly signal: AbortSignal;
  readonly clock?: Clock;
  /** @default Math.random */
  readonly random?: Random;
  readonly limits?: Partial<FollowLimits>;
}

export interface FollowLimits {
  /** Bytes of the longest line that is delivered; a longer one is named as missing. @default 32 MiB */
  readonly maxLineBytes: number;
  /** Bytes kept in memory while `onLog` is slow, and while lines wait for a gap; more goes to disk. @default 4 MiB */
  readonly memoryBytes: number;
  /** Milliseconds of silence after which a stream is opened again: this and up to half as much more. @default 10 min */
  readonly silenceMs: number;
  /** Milliseconds of silence after the container's end that a stream is still waited for. @default 3000 */
  readonly lingerMs: number;
  /** Milliseconds of silence after which a read of what is there (not followed) is given up. @default 15 s */
  readonly stallMs: number;
  /** Milliseconds without a new line that a gap in a live stream is worked on; later lines wait. @default 20 s */
  readonly gapPatienceMs: number;
  /** The same after the container's end: the log stays as long as the pod does. @default 5 min */
  readonly endPatienceMs: number;
  /** Milliseconds after the container's end when reading stops in any case. @default 15 min */
  readonly endTotalMs: number;
  /** Milliseconds that a refusal is doubted when lines are missing: a server that has just started refuses too. @default 20 s */
  readonly doubtMs: number;
  /** Milliseconds that one call of `onLog` may take before the next is made. @default 1 min */
  readonly onLogMs: number;
  /** The same while an earlier call still has not settled. @default 1 s */
  readonly onLogAgainMs: number;
}

const DEFAULTS: FollowLimits = {
  maxLineBytes: 32 * 1024 * 1024,
  memoryBytes: 4 * 1024 * 1024,
  silenceMs: 10 * 60_000,
  lingerMs: 3000,
  stallMs: 15_000,
  gapPatienceMs: 20_000,
  endPatienceMs: 5 * 60_000,
  endTotalMs: 15 * 60_000,
  doubtMs: 20_000,
  onLogMs: 60_000,
  onLogAgainMs: 1000,
};

const GRACE_AFTER_STOP_MS = 2000;

export interface FollowReport {
  readonly transcript: Completeness;
  readonly mode: Mode;
  /** True when the caller's signal ended it before the container's end was worked up. */
  readonly stopped: boolean;
  /** Log streams that were opened. */
  readonly streams: number;
  /** Lines that the API sent again. */
  readonly repeated: number;
  /** The first fault of `onLog`; lines behind it were still offered. */
  readonly sinkFault: Error | null;
}

/** Follows a container's log until its end is worked up. Never rejects for what the cluster or the host does. */
export async function followTranscript(options: FollowOptions): Promise<FollowReport> {
  const { clock = systemClock, random = Math.random, signal } = options;
  const limits = { ...DEFAULTS, ...options.limits };
  const event = quietly(options.onEvent);
  let sinkFault: Error | null = null;
  const delivery = new Delivery({
    onLog: options.onLog,
    onFault: (error) => {
      sinkFault = error;
      event({ type: "sink-fault", sink: "onLog", error });
    },
    onSpill: (error) => event({ type: "spill", error }),
    memoryBytes: limits.memoryBytes,
    tooLong: (waiting, hanging) => clock.sleep(hanging ? limits.onLogAgainMs : limits.onLogMs, waiting),
  });
  const follower = new Follower({
    ...options,
    clock,
    random,
    limits,
    outlet: options.page?.(delivery) ?? delivery,
    onLine: observed(options.onLine, event),
    onEvent: event,
    sources: options.sources ?? [],
  });
  await follower.run();
  await handOver(delivery, clock, signal);
  const { transcript, streams } = follower;
  const stopped = signal.aborted && !follower.finished;
  return {
    transcript: completeness(transcript, options.container.seal(), stopped),
    mode: transcript.mode,
    stopped,
    streams,
    repeated: transcript.repeated,
    sinkFault,
  };
}

async function handOver(delivery: Delivery, clock: Clock, signal: AbortSignal): Promise<void> {
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

/** A listener that throws harms nobody. */
function quietly(onEvent: ((event: FollowEvent) => void) | undefined): (event: FollowEvent) => void {
  return (event) => {
    try {
      onEvent?.(event);
    } catch {
      // Nothing to tell it to.
    }
  };
}

function observed(
  onLine: FollowOptions["onLine"],
  event: (event: FollowEvent) => void,
): ((channel: Channel, line: Buffer) => void) | undefined {
  if (!onLine) return undefined;
  let told = false;
  return (channel, line) => {
    try {
      onLine(channel, line);
    } catch (thrown) {
      if (told) return;
      told = true;
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      event({ type: "sink-fault", sink: "onLine", error });
    }
  };
}

/** How long to wait before a stream is opened again; `attempt` counts openings since the last new line. */
export function reconnectWait(attempt: number, random: Random): number {
  return attempt === 0 ? Math.round(random() * 50) : fullJitter(attempt - 1, random, { baseMs: 400, capMs: 5000 });
}
