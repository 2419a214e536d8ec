/** The machine's clock, which a test can set forward: minutes pass at once, for everybody who waits by it. */
import { setTimeout as pause } from "node:timers/promises";
import { type Clock, systemClock } from "../../../src/kubernetes/clock.ts";

interface Sleeper {
  readonly until: number;
  readonly wake: AbortController;
}

export class LeapingClock implements Clock {
  #leapt = 0;
  readonly #sleepers = new Set<Sleeper>();

  now(): number {
    return systemClock.now() + this.#leapt;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const sleeper = { until: this.now() + ms, wake: new AbortController() };
    this.#sleepers.add(sleeper);
    const { signal: woken } = sleeper.wake;
    try {
      await systemClock.sleep(ms, signal ? AbortSignal.any([signal, woken]) : woken);
    } catch (error) {
      if (signal?.aborted || !woken.aborted) throw error;
    } finally {
      this.#sleepers.delete(sleeper);
    }
  }

  /** Wakes everybody whose time is up then, in the order of their times. */
  leap(ms: number): void {
    this.#leapt += ms;
    const now = this.now();
    const due = [...this.#sleepers].filter(({ until }) => until <= now).sort((a, b) => a.until - b.until);
    for (const { wake } of due) wake.abort();
  }
}

const LEAP_MS = 15_000;

/** In steps that leave everybody whose timer fires the time to do what the timer is for. */
export async function pass(clock: LeapingClock, minutes: number): Promise<void> {
  for (let passed = 0; passed < minutes * 60_000; passed += LEAP_MS) {
    clock.leap(LEAP_MS);
    await pause(25);
  }
}
