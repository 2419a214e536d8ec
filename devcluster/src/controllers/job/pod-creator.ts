import type { EventRecorder } from "../events.ts";
import type { Job, Pod } from "../objects.ts";
import { podOf } from "./pod-template.ts";

/** Admits and stores a pod; a promise while webhooks are asked. Throws, or rejects with, the API server's refusal. */
export type CreatePod = (pod: object) => Pod | Promise<Pod>;

export interface PodCreatorOptions {
  readonly create: CreatePod;
  readonly record: EventRecorder;
  /** Has the Job looked at again after so many milliseconds. */
  readonly again: (job: Job, delay: number) => void;
  /** Milliseconds before the first further attempt; doubled up to six times itself. */
  readonly unit: number;
}

const LONGEST = 6;

/** Makes the pods of Jobs; one that is refused is tried again with growing pauses (measured), for ever. */
export class PodCreator {
  readonly #options: PodCreatorOptions;
  readonly #busy = new Set<string>();
  /** Job uid → refusals in a row. */
  readonly #refusals = new Map<string, number>();

  constructor(options: PodCreatorOptions) {
    this.#options = options;
  }

  /** A pod of the Job is with the webhooks: until they have answered nothing else is done for it. */
  isBusy({ metadata }: Job): boolean {
    return this.#busy.has(metadata.uid);
  }

  forget({ metadata }: Job): void {
    this.#refusals.delete(metadata.uid);
  }

  /** False when there is no pod, or not yet. */
  create(job: Job): boolean {
    try {
      const made = this.#options.create(podOf(job));
      if (made instanceof Promise) {
        void this.#wait(job, made);
        return false;
      }
      this.#made(job, made);
      return true;
    } catch (error) {
      this.#refused(job, error);
      return false;
    }
  }

  async #wait(job: Job, making: Promise<Pod>): Promise<void> {
    const { uid } = job.metadata;
    this.#busy.add(uid);
    try {
      const made = await making;
      this.#busy.delete(uid);
      this.#made(job, made);
      this.#options.again(job, 0);
    } catch (error) {
      this.#busy.delete(uid);
      this.#refused(job, error);
    }
  }

  #made(job: Job, { metadata }: Pod): void {
    this.#refusals.delete(job.metadata.uid);
    this.#options.record(job, {
      type: "Normal",
      reason: "SuccessfulCreate",
      message: `Created pod: ${metadata.name}`,
    });
  }

  #refused(job: Job, error: unknown): void {
    const { uid } = job.metadata;
    const before = this.#refusals.get(uid) ?? 0;
    this.#refusals.set(uid, before + 1);
    const message = `Error creating: ${error instanceof Error ? error.message : String(error)}`;
    this.#options.record(job, { type: "Warning", reason: "FailedCreate", message });
    this.#options.again(job, this.#options.unit * Math.min(2 ** before, LONGEST));
  }
}
