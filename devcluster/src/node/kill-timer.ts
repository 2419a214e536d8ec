/** A forced deletion (grace 0) still leaves the containers this many seconds: measured, their handlers run. */
export const LEAST_GRACE = 2;

/** When what still runs of a pod is killed; the earliest of several times counts. */
export class KillTimer {
  readonly #kill: (atOnce: boolean) => Promise<void>;
  #at = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  /** @param kill at once, or when the grace is over */
  constructor(kill: (atOnce: boolean) => Promise<void>) {
    this.#kill = kill;
  }

  /** There is no grace: whatever is started later dies too. */
  get isNow(): boolean {
    return this.#at === Number.NEGATIVE_INFINITY;
  }

  within(seconds: number): void {
    const wait = Math.max(LEAST_GRACE, seconds) * 1000;
    const at = performance.now() + wait;
    if (at >= this.#at) return;
    this.#at = at;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#kill(false).catch((error: unknown) => process.emitWarning(String(error)));
    }, wait);
  }

  async now(): Promise<void> {
    this.stop();
    this.#at = Number.NEGATIVE_INFINITY;
    await this.#kill(true);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
