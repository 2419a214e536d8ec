import type { Clock, Random } from "../../kubernetes/clock.ts";
import type { Channel } from "../../runner/frame.ts";
import type { Seal } from "../../runner/seal.ts";
import { firstOf } from "../shared/first-of.ts";
import type { FollowEvent } from "./assemble/events.ts";
import type { LineSink } from "./assemble/line-sink.ts";
import { Transcript } from "./assemble/transcript.ts";
import { type DrainOptions, drain, readEnd } from "./drain.ts";
import { LiveStream } from "./live-stream.ts";
import { type ContainerView, hasEnded } from "./read/container.ts";
import { type FollowLimits, reconnectWait } from "./read/limits.ts";
import { LogEndpoint, troubleOf } from "./read/log-endpoint.ts";
import type { OpenLog } from "./read/log-source.ts";
import { endsInErrorText, type Reading } from "./read/read-log.ts";
import { GapQueue } from "./refill/gap-queue.ts";
import type { GapSource } from "./refill/gap-source.ts";
import { LogApi } from "./refill/log-api.ts";
import { refill } from "./refill/refill.ts";

export interface FollowerOptions {
  readonly open: OpenLog;
  readonly container: ContainerView;
  readonly sink: LineSink;
  readonly onLine: ((channel: Channel, line: Buffer) => void) | undefined;
  readonly onEvent: (event: FollowEvent) => void;
  readonly onSealed: (seal: Seal) => void;
  /** Nothing but the runner can write to the log: its seal counts as soon as it comes. */
  readonly isRecorded: boolean;
  readonly sources: readonly GapSource[];
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: FollowLimits;
}

/**
 * A kubelet that cannot follow (no inotify instance is left for about the 107th follower of a node, measured) answers with
 * what there is: it is polled twice a second, not as fast as it answers.
 */
const ATTEMPT_UNFOLLOWED = 2;

/**
 * Milliseconds between two polls, on average, of the log of a container that nobody has seen start: the observer reports
 * a start at once, unless its watch is late, and a pod may wait for a node for an hour.
 */
const POLL_MS = 10_000;
const pollWait = (random: Random): number => POLL_MS * (0.5 + random());

/** Keeps a log stream open while the container lives, then drains the rest. */
export class Follower {
  readonly transcript: Transcript;
  readonly endpoint: LogEndpoint;
  /** True once the container's end was drained. */
  drained = false;
  readonly #options: FollowerOptions;
  readonly #end: DrainOptions;
  readonly #queue: GapQueue;
  readonly #stream: LiveStream;

  constructor(options: FollowerOptions) {
    this.#options = options;
    const { sink, limits, onEvent, signal, container, clock, random, sources } = options;
    const onSeal = options.isRecorded ? options.onSealed : undefined;
    this.transcript = new Transcript({ ...options, onSeal }, limits.maxLineBytes, limits.pieceBytes);
    this.endpoint = new LogEndpoint(options.open);
    const { transcript, endpoint } = this;
    const why = () => this.#whyMissing();
    const common = { transcript, endpoint, container, clock, random, signal, limits, onEvent, why };
    const api = new LogApi(common);
    this.#end = { ...common, api, sources };
    this.#queue = new GapQueue({
      transcript,
      memoryBytes: limits.memoryBytes,
      refill: (target) => refill(target, { ...common, sources: [api, ...sources], timeoutMs: limits.gapTimeoutMs }),
      onEvent,
      signal,
    });
    this.#stream = new LiveStream({
      ...common,
      queue: this.#queue,
      onSealed: options.onSealed,
      room: () => this.#room(sink),
      readEnd: (stop) => readEnd(this.#end, new LogApi(common), stop),
    });
  }

  /** Log streams that were opened. */
  get streams(): number {
    return this.#stream.opened;
  }

  async run(): Promise<void> {
    const { container, signal, random } = this.#options;
    if (container.state() === "waiting") await this.#changeWithin(pollWait(random));
    for (let attempt = 0; !hasEnded(container.state()) && !signal.aborted; ) {
      const { taken } = this.transcript;
      const reading = await this.#stream.follow();
      if (this.transcript.taken === taken) attempt++;
      else attempt = endsInErrorText(reading) ? ATTEMPT_UNFOLLOWED : 0;
      if (!hasEnded(container.state()) && !signal.aborted) await this.#pause(reading, attempt);
    }
    await this.#queue.emptied();
    if (!signal.aborted) await drain(this.#end);
    this.drained = !signal.aborted;
    await this.#queue.close();
  }

  /** Waits while neither memory nor disk has room; undefined when there is. */
  #room(sink: LineSink): Promise<void> | undefined {
    if (!sink.overfull && !this.#queue.overfull) return undefined;
    return sink.overfull ? sink.room() : this.#queue.emptied();
  }

  async #pause(reading: Reading, attempt: number): Promise<void> {
    const { random, container, onEvent } = this.#options;
    const retryAfterMs =
      reading.kind === "failed" || reading.kind === "refused" ? reading.error.retryAfterMs : undefined;
    const early = reading.kind === "not-yet" && container.state() === "waiting";
    const inOrder = reading.kind === "ended" && reading.clean && !endsInErrorText(reading);
    const waitMs = Math.max(retryAfterMs ?? 0, early ? pollWait(random) : reconnectWait(attempt, random, inOrder));
    onEvent({ type: "reconnect", why: troubleOf(reading), waitMs, early: reading.kind === "not-yet" });
    await this.#changeWithin(waitMs, retryAfterMs !== undefined);
  }

  /** A change of the container is a reason to look at once; but what the server asked for is kept to (`whole`). */
  async #changeWithin(waitMs: number, whole = false): Promise<void> {
    const { clock, container, signal } = this.#options;
    const slept = (stop: AbortSignal): Promise<void> => clock.sleep(waitMs, stop);
    const changed = (stop: AbortSignal): Promise<void> => container.changed(stop);
    await firstOf(signal, whole ? [slept] : [slept, changed]).catch(() => "stopped");
  }

  #whyMissing(): string {
    const { container, clock } = this.#options;
    const { unread } = this.endpoint;
    if (this.transcript.taken === 0 && unread !== null) return `the log could not be read: ${unread}`;
    if (container.state() === "gone") return "the pod was gone before they were read";
    if (container.state() === "evicted") return "the node evicted the pod and removed its log before they were read";
    if (container.state() === "left") return "the node shut down before they were read";
    const { interruption } = this.#stream;
    if (!interruption) return "the node lost them while it rotated the log";
    const seconds = ((clock.now() - interruption.at) / 1000).toFixed(1);
    return `the node rotated the log while its stream was down for ${seconds} s: ${interruption.why}`;
  }
}
