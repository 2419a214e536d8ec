import type { Clock, Random } from "../../../kubernetes/clock.ts";
import { firstOf } from "../../shared/first-of.ts";
import { allArrived } from "../assemble/completeness.ts";
import type { Transcript } from "../assemble/transcript.ts";
import { type ContainerView, hasEnded } from "./container.ts";
import type { FollowLimits } from "./limits.ts";

/** Milliseconds of silence after the container's end until the log is also read without following: the stream itself ends after 1.0 s. */
const QUIET_MS = 150;

export interface LifetimeOptions {
  readonly container: ContainerView;
  readonly transcript: Transcript;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: FollowLimits;
  /** Reads the end of the log while the stream is still open. */
  readonly readEnd: (signal: AbortSignal) => Promise<void>;
}

/**
 * Decides when an open stream is closed: everything has arrived, or the container has ended and the stream is silent, or
 * it has been silent for so long that it may be dead (a rare backstop: TCP keepalive finds most).
 */
export class StreamLifetime {
  /** True when the stream was closed for its silence while the container lived. */
  silent = false;
  readonly #options: LifetimeOptions;
  readonly #closed = new AbortController();
  readonly #ended = new AbortController();
  /** Aborts when the stream has ended, or is to be closed. */
  readonly #over = AbortSignal.any([this.#ended.signal, this.#closed.signal]);
  readonly #watching: Promise<void>;
  #receivedAt: number;

  constructor(options: LifetimeOptions) {
    this.#options = options;
    this.#receivedAt = options.clock.now();
    this.#watching = this.#watch();
  }

  /** Aborts when the stream is to be closed. */
  get signal(): AbortSignal {
    return this.#closed.signal;
  }

  /** Bytes came. */
  received(): void {
    this.#receivedAt = this.#options.clock.now();
  }

  /** Lines came: perhaps the last. */
  progress(): void {
    const { container, transcript } = this.#options;
    if (hasEnded(container.state()) && allArrived(transcript, container.seal())) this.#closed.abort();
  }

  close(): void {
    this.#closed.abort();
  }

  /** The stream has ended, by itself or because it was closed. */
  async end(): Promise<void> {
    this.#ended.abort();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    const { container, random, limits } = this.#options;
    const silenceMs = limits.silenceMs * (1 + random() / 2);
    while (!this.#isOver() && !hasEnded(container.state())) {
      const left = silenceMs - this.#silence();
      if (left <= 0) {
        this.silent = true;
        this.#closed.abort();
        return;
      }
      await this.#sleepOrChange(left);
    }
    if (!this.#isOver()) await this.#watchEnd();
  }

  async #watchEnd(): Promise<void> {
    const { readEnd, limits, clock } = this.#options;
    const endSeenAt = clock.now();
    this.progress();
    // Also when bytes arrive slowly.
    clock.sleep(limits.endDeadlineMs, this.#over).then(
      () => this.#closed.abort(),
      () => undefined,
    );
    await this.#sleepUntilSilence(QUIET_MS);
    if (this.#isOver()) return;
    await readEnd(this.#over);
    this.progress();
    this.#receivedAt = Math.max(this.#receivedAt, endSeenAt);
    await this.#sleepUntilSilence(limits.lingerMs);
    this.#closed.abort();
  }

  #isOver(): boolean {
    return this.#over.aborted;
  }

  #silence(): number {
    return this.#options.clock.now() - this.#receivedAt;
  }

  async #sleepUntilSilence(ms: number): Promise<void> {
    for (let left = ms - this.#silence(); left > 0 && !this.#isOver(); left = ms - this.#silence()) {
      await this.#options.clock.sleep(left, this.#over).catch(() => undefined);
    }
  }

  async #sleepOrChange(ms: number): Promise<void> {
    const { clock, container } = this.#options;
    await firstOf(this.#over, [(stop) => clock.sleep(ms, stop), (stop) => container.changed(stop)]).catch(
      () => "the stream is over",
    );
  }
}
