/** How long Kueue takes, in milliseconds. */
export interface KueueTimings {
  /** A change → its look: a Job is unsuspended 32-85 ms after its label, a client's suspension undone after 5-16 ms. */
  readonly reactMs: number;
  /** A Job has ended or is gone → its quota is another's. */
  readonly releaseMs: number;
}

/** Measured with 0.19.2 on Kubernetes 1.36.2. */
export const measuredKueueTimings: KueueTimings = { reactMs: 40, releaseMs: 1000 };

/** The same order of things without the waiting. */
export const fastKueueTimings: KueueTimings = { reactMs: 2, releaseMs: 20 };
