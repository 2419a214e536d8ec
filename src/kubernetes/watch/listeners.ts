import type { Job } from "kubernetes-types/batch/v1.js";
import type { Pod } from "kubernetes-types/core/v1.js";
import type { Stored } from "../resource-types.ts";
import { jobsOf } from "./pods-by-job.ts";
import type { ChangeType } from "./resource-view.ts";

/** One change of a Job or a Pod. */
export type Observation =
  | { readonly resource: "jobs"; readonly type: ChangeType; readonly object: Stored<Job> }
  | { readonly resource: "pods"; readonly type: ChangeType; readonly object: Stored<Pod> };

/** Which observations a listener gets: those that pass, or those of one Job and its pods, at no cost to the listeners of others. */
export type ObservationFilter = ((observation: Observation) => boolean) | { readonly jobUid: string };

export type ObservationListener = (observation: Observation) => void;

interface Listening {
  readonly passes: (observation: Observation) => boolean;
  readonly listener: ObservationListener;
}

/** Who is told of which changes. */
export class Listeners {
  /** Those who are told whatever passes. */
  readonly #ofAll = new Set<Listening>();
  /** Job UID → those who are told of that Job. */
  readonly #ofJob = new Map<string, Set<Listening>>();
  readonly #warn: ((message: string) => void) | undefined;
  #errors = 0;

  /** @param warn called for each listener that throws */
  constructor(warn: ((message: string) => void) | undefined) {
    this.#warn = warn;
  }

  /** Calls of listeners that threw. */
  get errors(): number {
    return this.#errors;
  }

  /**
   * Tells it what is known, before this returns. Returns how to take it away.
   *
   * @param known of that Job; undefined: everything
   */
  add(
    filter: ObservationFilter | undefined,
    listener: ObservationListener,
    known: (jobUid: string | undefined) => Iterable<Observation>,
  ): () => void {
    const jobUid = typeof filter === "object" ? filter.jobUid : undefined;
    const entry = { passes: typeof filter === "function" ? filter : () => true, listener };
    const stop = jobUid === undefined ? this.#addOfAll(entry) : this.#addOfJob(jobUid, entry);
    for (const observation of known(jobUid)) this.#tellOne(entry, observation);
    return stop;
  }

  tell(observation: Observation): void {
    for (const entry of this.#ofAll) this.#tellOne(entry, observation);
    const owners = observation.resource === "jobs" ? [observation.object.metadata.uid] : jobsOf(observation.object);
    for (const uid of owners) for (const entry of this.#ofJob.get(uid) ?? []) this.#tellOne(entry, observation);
  }

  #addOfAll(entry: Listening): () => void {
    this.#ofAll.add(entry);
    return () => this.#ofAll.delete(entry);
  }

  #addOfJob(jobUid: string, entry: Listening): () => void {
    const others = this.#ofJob.get(jobUid) ?? new Set<Listening>();
    this.#ofJob.set(jobUid, others.add(entry));
    return () => {
      others.delete(entry);
      if (others.size === 0 && this.#ofJob.get(jobUid) === others) this.#ofJob.delete(jobUid);
    };
  }

  #tellOne({ passes, listener }: Listening, observation: Observation): void {
    try {
      if (passes(observation)) listener(observation);
    } catch (error) {
      this.#errors++;
      this.#warn?.(`an observer's listener threw: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
