/**
 * Candidates whose process is gone: they hold up nobody for long. One that does not take its turn is passed over; one
 * that has reserved a place and does not start is to lose that. Pure: it knows time only as it is told.
 */
import type { Job } from "kubernetes-types/batch/v1";
import { reservationOf, uidOf } from "./order.ts";

/** Milliseconds that a candidate has room before others pass it over: its process sees that within a second. */
const PASSED_OVER_AFTER_MS = 15_000;
/**
 * The same of one that has room because others were passed over: a process that dies leaves many candidates behind, and
 * they must not add up. Too short costs the order and nothing else.
 */
const NEXT_PASSED_OVER_AFTER_MS = 2_000;
/** Milliseconds from a reservation to the start: a handful of calls, each of which may be tried again. */
const RESERVED_FOR_MS = 60_000;

export interface StallsSeen {
  /** Somebody is passed over since now: whose turn it is may be another's. */
  readonly hasPassedOver: boolean;
  /** Candidates whose reservation is to be revoked. */
  readonly stale: readonly Job[];
  /** When the next one is to be passed over, or to lose its reservation; infinite when there is none. */
  readonly dueAt: number;
}

export class TurnStalls {
  /** Until when each may have room without taking it, by this process's clock. */
  #expectedUntil = new Map<string, number>();
  /** Until when each reservation holds, by the Job's uid and the reservation. */
  #reservedUntil = new Map<string, number>();
  #passedOver: ReadonlySet<string> = new Set();
  #patienceMs = PASSED_OVER_AFTER_MS;

  /** Uids. One that reserves after all is expected again. */
  get passedOver(): ReadonlySet<string> {
    return this.#passedOver;
  }

  /**
   * @param expected uids of candidates that have room and have not reserved it
   * @param candidates the own one too: a call that failed may have left its reservation
   */
  look(now: number, expected: readonly string[], candidates: readonly Job[]): StallsSeen {
    const reserved = candidates.filter((job) => reservationOf(job) !== null);
    this.#reservedUntil = carriedOn(this.#reservedUntil, reserved.map(keyOf), now + RESERVED_FOR_MS);
    const stale = reserved.filter((job) => (this.#reservedUntil.get(keyOf(job)) ?? now) <= now);

    this.#expectedUntil = carriedOn(this.#expectedUntil, expected, now + this.#patienceMs);
    const late = expected.filter((uid) => (this.#expectedUntil.get(uid) ?? now) <= now);
    this.#patienceMs = late.length > 0 ? NEXT_PASSED_OVER_AFTER_MS : PASSED_OVER_AFTER_MS;
    const unreserved = new Set(candidates.filter((job) => reservationOf(job) === null).map(uidOf));
    this.#passedOver = new Set([...this.#passedOver, ...late].filter((uid) => unreserved.has(uid)));

    const dueAt = Math.min(...this.#expectedUntil.values(), ...this.#reservedUntil.values());
    return { hasPassedOver: late.length > 0, stale, dueAt };
  }
}

const keyOf = (job: Job): string => `${uidOf(job)} ${reservationOf(job)}`;

const carriedOn = (before: ReadonlyMap<string, number>, keys: readonly string[], until: number): Map<string, number> =>
  new Map(keys.map((key) => [key, before.get(key) ?? until]));
