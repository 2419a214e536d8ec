import type { Clock, Random } from "../../../kubernetes/clock.ts";
import { allArrived } from "../assemble/completeness.ts";
import type { Transcript } from "../assemble/transcript.ts";
import { type ContainerView, hasEnded } from "./container.ts";
import type { FollowLimits } from "./limits.ts";

/** Silence after the container's end from which on the log is read besides the stream; its own end comes after 1.0 s. */
const QUIET_MS = 150;

export interface WatchOptions {
  readonly container: ContainerView;
  readonly transcript: Transcript;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: FollowLimits;
  /** Gets the end of the log on another way. */
  readonly besides: (signal: AbortSignal) => Promise<void>;
}

/**
 * Decides when an open stream is of no more use: everything has arrived, or the container has ended and the stream says
 * nothing, or it has been silent for so long that it may be dead (a rare backstop: TCP keepalive finds most).
 */
export class StreamWatch {
  /** True when the stream was given up for its silence. */
  silent = false;
  readonly #options: WatchOptions;
  readonly #useless = new AbortController();
  readonly #stopped = new AbortController();
  readonly #watching: Promise<void>;
  #heardAt: number;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#heardAt = options.clock.now();
    this.#watching = this.#watch();
  }

  /** Aborts when the stream is of no more use. */
  get signal(): AbortSignal {
    return this.#useless.signal;
  }

  /** Bytes came. */
  heard(): void {
    this.#heardAt = this.#options.clock.now();
  }

  /** Lines came: perhaps the last. */
  progress(): void {
    const { container, transcript } = this.#options;
    if (hasEnded(container.state()) && allArrived(transcript, container.seal())) this.#useless.abort();
  }

  /** The stream does not lead on from what is known. */
  giveUp(): void {
    this.#useless.abort();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    const { container, random, limits } = this.#options;
    const silenceMs = limits.silenceMs * (1 + random() / 2);
    while (!this.#isOver() && !hasEnded(container.state())) {
      const left = silenceMs - this.#silence();
      if (left <= 0) {
        this.silent = true;
        this.#useless.abort();
        return;
      }
      await this.#sleepOrChange(left);
    }
    if (!this.#isOver()) await this.#watchEnd();
  }

  async #watchEnd(): Promise<void> {
    const { besides, limits, clock } = this.#options;
    const endSeenAt = clock.now();
    this.progress();
    const over = AbortSignal.any([this.#stopped.signal, this.#useless.signal]);
    // However slowly bytes drip.
    clock.sleep(limits.endTotalMs, over).then(
      () => this.#useless.abort(),
      () => undefined,
    );
    await this.#sleepUntilSilence(QUIET_MS);
    if (this.#isOver()) return;
    await besides(over);
    this.progress();
    this.#heardAt = Math.max(this.#heardAt, endSeenAt);
    await this.#sleepUntilSilence(limits.lingerMs);
    this.#useless.abort();
  }

  #isOver(): boolean {
    return this.#stopped.signal.aborted || this.#useless.signal.aborted;
  }

  #silence(): number {
    return this.#options.clock.now() - this.#heardAt;
  }

  async #sleepUntilSilence(ms: number): Promise<void> {
    const signal = AbortSignal.any([this.#stopped.signal, this.#useless.signal]);
    for (let left = ms - this.#silence(); left > 0 && !this.#isOver(); left = ms - this.#silence()) {
      await this.#options.clock.sleep(left, signal).catch(() => undefined);
    }
  }

  async #sleepOrChange(ms: number): Promise<void> {
    const { clock, container } = this.#options;
    const done = new AbortController();
    const signal = AbortSignal.any([this.#stopped.signal, this.#useless.signal, done.signal]);
    const slept = clock.sleep(ms, signal).catch(() => undefined);
    const changed = container.changed(signal).catch(() => undefined);
    await Promise.race([slept, changed]);
    done.abort();
  }
}
