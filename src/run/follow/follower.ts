import type { Clock, Random } from "../../kubernetes/clock.ts";
import type { Channel } from "../../runner/frame.ts";
import { allArrived, sealedStderr } from "./assemble/completeness.ts";
import type { FollowEvent } from "./assemble/events.ts";
import { Transcript } from "./assemble/transcript.ts";
import type { LineSink } from "./deliver/line-sink.ts";
import { type ContainerView, hasEnded } from "./read/container.ts";
import { type FollowLimits, reconnectWait } from "./read/limits.ts";
import type { OpenLog } from "./read/log-source.ts";
import { endsInErrorText, type Reading, readLog } from "./read/read-log.ts";
import { StreamWatch } from "./read/stream-watch.ts";
import { TailCount } from "./read/tail-count.ts";
import { GapEnd } from "./refill/gap-end.ts";
import type { GapSource } from "./refill/gap-source.ts";
import { LiveLines } from "./refill/live-lines.ts";
import { LogApi, since, tail } from "./refill/log-api.ts";
import { type RefillTarget, refill } from "./refill/refill.ts";

export interface FollowerOptions {
  readonly open: OpenLog;
  readonly container: ContainerView;
  readonly sink: LineSink;
  readonly onLine: ((channel: Channel, line: Buffer) => void) | undefined;
  readonly onEvent: (event: FollowEvent) => void;
  readonly sources: readonly GapSource[];
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: FollowLimits;
}

/**
 * After long silence: a node whose clock stepped back writes stamps that lie before the newest one, and `sinceTime`
 * withholds such lines.
 */
const EARLIER_AFTER_SILENCE_SEC = 3600;

/**
 * A kubelet that says it cannot follow (no inotify instance is left for about the 107th follower of a node, measured)
 * gives what there is: it is asked twice a second, not as fast as it answers.
 */
const ATTEMPT_UNFOLLOWED = 2;

/**
 * Between looks at the log of a container that nobody has seen start, on average, milliseconds: the observer tells at
 * once, unless its word is late, and a pod may wait for a node for an hour.
 */
const WAITING_MS = 10_000;
const rarely = (random: Random): number => WAITING_MS * (0.5 + random());

/** Keeps a log stream open while the container lives, then gets the rest and works up the end. */
export class Follower {
  readonly transcript: Transcript;
  streams = 0;
  /** True once the container's end was worked up. */
  finished = false;
  readonly #options: FollowerOptions;
  readonly #api: LogApi;
  readonly #live: LiveLines;
  readonly #tail = new TailCount();
  /** Why the last stream ended, and when; null while lines come. */
  #interruption: { readonly why: string; readonly at: number } | null = null;
  #wasSilent = false;

  constructor(options: FollowerOptions) {
    this.#options = options;
    const { sink, limits, onEvent } = options;
    this.transcript = new Transcript(
      {
        lines: (channel, lines) => sink.push(channel, lines),
        line: options.onLine,
        notice: (text) => sink.notice(text),
        event: onEvent,
      },
      limits.maxLineBytes,
    );
    this.#api = new LogApi(options);
    this.#live = new LiveLines({
      transcript: this.transcript,
      memoryBytes: limits.memoryBytes,
      fill: (target) => this.#refill(target, limits.gapPatienceMs, options.signal),
      onEvent,
      signal: options.signal,
    });
  }

  async run(): Promise<void> {
    const { container, signal, random } = this.#options;
    if (container.state() === "waiting") await this.#changeWithin(rarely(random));
    for (let attempt = 0; !hasEnded(container.state()) && !signal.aborted; ) {
      const { taken } = this.transcript;
      const reading = await this.#followOnce();
      if (this.transcript.taken === taken) attempt++;
      else attempt = endsInErrorText(reading) ? ATTEMPT_UNFOLLOWED : 0;
      if (!hasEnded(container.state()) && !signal.aborted) await this.#pause(reading, attempt);
    }
    await this.#live.settled();
    if (!signal.aborted) await this.#workUpEnd();
    await this.#live.close();
  }

  async #followOnce(): Promise<Reading> {
    const { open, limits, signal } = this.#options;
    const { transcript } = this;
    const { taken, repeated } = transcript;
    const watch = new StreamWatch({ ...this.#options, transcript, besides: (stop) => this.#drainBesides(stop) });
    const earlierSec = this.#wasSilent ? EARLIER_AFTER_SILENCE_SEC : 0;
    const from = since(this.#live.lastStamp, transcript, earlierSec);
    const request = { follow: true, ...from, ...tail(this.#tail.lines, transcript) };
    transcript.open();
    this.streams++;
    let first = true;
    let ahead = 0;
    const reading = await readLog(
      open,
      request,
      {
        maxLineBytes: limits.maxLineBytes,
        block: (lines) => {
          if (first && request.tailLines !== undefined) ahead = transcript.distanceTo(lines);
          first = false;
          if (ahead > 0) {
            watch.giveUp();
            return;
          }
          this.#live.push(lines);
          if (this.#interruption && transcript.taken > taken) this.#interruption = null;
          watch.progress();
        },
        overlong: (line) => transcript.takeOverlong(line.start, line.bytes),
        chunk: () => {
          watch.heard();
          return this.#room();
        },
      },
      AbortSignal.any([signal, watch.signal]),
    );
    await watch.stop();
    this.#wasSilent = watch.silent;
    if (reading.kind === "ended" && reading.unfinished) transcript.noteUnfinished(reading.unfinished);
    const { silent } = watch;
    this.#tail.served({ silent, taken: transcript.taken - taken, repeated: transcript.repeated - repeated, ahead });
    this.#interruption ??= { why: whyEnded(reading), at: this.#options.clock.now() };
    return reading;
  }

  /** Waits while neither memory nor disk has room; undefined when there is. */
  #room(): Promise<void> | undefined {
    const { sink } = this.#options;
    if (!sink.overfull && !this.#live.overfull) return undefined;
    return sink.overfull ? sink.room() : this.#live.settled();
  }

  async #pause(reading: Reading, attempt: number): Promise<void> {
    const { random, container, onEvent } = this.#options;
    const told = reading.kind === "failed" || reading.kind === "refused" ? reading.error.retryAfterMs : undefined;
    const early = reading.kind === "not-yet" && container.state() === "waiting";
    const waitMs = Math.max(told ?? 0, early ? rarely(random) : reconnectWait(attempt, random));
    onEvent({ type: "reconnect", why: whyEnded(reading), waitMs });
    await this.#changeWithin(waitMs, told !== undefined);
  }

  /** A change of the container is a reason to look at once; but what the server asked for is kept to (`whole`). */
  async #changeWithin(waitMs: number, whole = false): Promise<void> {
    const { clock, container, signal } = this.#options;
    const done = new AbortController();
    const stop = AbortSignal.any([signal, done.signal]);
    const slept = clock.sleep(waitMs, stop).catch(() => undefined);
    const changed = whole ? slept : container.changed(stop).catch(() => undefined);
    await Promise.race([slept, changed]);
    done.abort();
  }

  /** The end of the log, read while a silent stream is still open: whichever brings the lines first. */
  async #drainBesides(stop: AbortSignal): Promise<void> {
    const { container } = this.#options;
    const { mode } = this.transcript;
    // Two readings at once need numbers to be told apart.
    if (mode === "raw" || (mode === "undecided" && !container.seal()?.stdout)) return;
    const api = new LogApi(this.#options);
    await api.offer(this.transcript, new GapEnd(), () => allArrived(this.transcript, container.seal()), stop);
  }

  async #workUpEnd(): Promise<void> {
    const { clock, limits, signal, container } = this.#options;
    const done = new AbortController();
    const timeIsUp = new AbortController();
    clock.sleep(limits.endTotalMs, done.signal).then(
      () => timeIsUp.abort(),
      () => undefined,
    );
    const until = AbortSignal.any([signal, timeIsUp.signal]);
    const seal = container.seal();
    const target: RefillTarget = seal?.stdout
      ? {
          stdout: { channel: "stdout", line: seal.stdout.lines + 1, piece: 0 },
          stderr: { channel: "stderr", line: sealedStderr(seal) + 1, piece: 0 },
          openEnded: false,
        }
      : { stdout: null, stderr: null, openEnded: true };
    if (this.transcript.mode === "raw") await this.#refill({ ...target, openEnded: true }, limits.endPatienceMs, until);
    else await this.#refill(target, limits.endPatienceMs, until);
    const { unfinished } = this.#api;
    if (unfinished && !allArrived(this.transcript, seal)) this.transcript.takeUnfinished(unfinished);
    this.finished = !signal.aborted;
    done.abort();
  }

  #refill(target: RefillTarget, patienceMs: number, signal: AbortSignal): Promise<void> {
    const { clock, random, sources, onEvent } = this.#options;
    return refill(target, {
      transcript: this.transcript,
      sources: [this.#api, ...sources],
      clock,
      random,
      signal,
      patienceMs,
      why: () => this.#whyMissing(),
      onEvent,
    });
  }

  #whyMissing(): string {
    const { container, clock } = this.#options;
    if (container.state() === "gone") return "the pod was gone before they were read";
    if (!this.#interruption) return "the node lost them while it rotated the log";
    const seconds = ((clock.now() - this.#interruption.at) / 1000).toFixed(1);
    return `the node rotated the log while its stream was down for ${seconds} s: ${this.#interruption.why}`;
  }
}

function whyEnded(reading: Reading): string {
  switch (reading.kind) {
    case "ended":
      return reading.error?.message ?? "the stream ended";
    case "aborted":
      return "the stream was silent";
    case "not-yet":
    case "gone":
    case "refused":
    case "failed":
      return reading.error.message;
  }
}
