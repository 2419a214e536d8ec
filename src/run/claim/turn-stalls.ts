/**
 * Candidates whose process is gone: they hold up nobody for long. One that does not take its turn is passed over; one
 * that has reserved a place loses that by a write that fails once it was unsuspended.
 */
import type { Job } from "kubernetes-types/batch/v1";
import { ApiError } from "../../kubernetes/api-error.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { jobs } from "../../kubernetes/resource-types.ts";
import { nameOf } from "../shared/job-state.ts";
import { ANNOTATIONS } from "../shared/names.ts";
import { type JobsSeen, reservationOf, type Turn, uidOf } from "./turn-order.ts";

/** Milliseconds that a candidate has room before others pass it over: its process sees that within a second. */
const PASSED_OVER_AFTER_MS = 15_000;
/** Milliseconds from a reservation to the start: a handful of calls, each of which may be tried again. */
const RESERVED_FOR_MS = 60_000;

export class TurnStalls {
  readonly #client: KubernetesClient;
  /** Since when each has room, by this process's clock. */
  #expectedSince = new Map<string, number>();
  /** Since when each reservation is known, by the Job's uid and the reservation. */
  #reservedSince = new Map<string, number>();
  #passedOver: ReadonlySet<string> = new Set();

  constructor(client: KubernetesClient) {
    this.#client = client;
  }

  /** Uids. */
  get passedOver(): ReadonlySet<string> {
    return this.#passedOver;
  }

  async look(
    { expected }: Extract<Turn, { kind: "wait" }>,
    { candidates }: JobsSeen,
    namespace: string,
    signal: AbortSignal,
  ): Promise<void> {
    const now = this.#client.clock.now();
    const present = new Set(candidates.map(uidOf));
    // Whom is passed over is no longer expected, and is remembered as long as it is there.
    const known = [...this.#passedOver].filter((uid) => present.has(uid));
    this.#expectedSince = carriedOn(this.#expectedSince, [...expected, ...known], now);
    this.#passedOver = lasting(this.#expectedSince, now - PASSED_OVER_AFTER_MS);
    const reserved = candidates.filter((job) => reservationOf(job) !== null);
    this.#reservedSince = carriedOn(this.#reservedSince, reserved.map(keyOf), now);
    const stale = lasting(this.#reservedSince, now - RESERVED_FOR_MS);
    for (const job of reserved) if (stale.has(keyOf(job))) await this.#revoke(job, namespace, signal);
  }

  async #revoke(job: Job, namespace: string, signal: AbortSignal): Promise<void> {
    const { uid, resourceVersion } = job.metadata ?? {};
    const patch = { metadata: { uid, resourceVersion, annotations: { [ANNOTATIONS.reserved]: null } } };
    try {
      await this.#client.patch(jobs, namespace, nameOf(job), patch, { signal, retryForMs: 0 });
    } catch (error) {
      // It has changed, or is gone, or the cluster does not answer: it is looked at again.
      if (!(error instanceof ApiError)) throw error;
    }
  }
}

const keyOf = (job: Job): string => `${uidOf(job)} ${reservationOf(job)}`;

const carriedOn = (before: ReadonlyMap<string, number>, keys: readonly string[], now: number): Map<string, number> =>
  new Map(keys.map((key) => [key, before.get(key) ?? now]));

const lasting = (since: ReadonlyMap<string, number>, until: number): ReadonlySet<string> =>
  new Set([...since].flatMap(([key, at]) => (at <= until ? [key] : [])));
