/** The Jobs and pods of a namespace as the shared watches show them, for a run that waits for its turn. */
import type { Job } from "kubernetes-types/batch/v1";
import type { Pod } from "kubernetes-types/core/v1";
import { raceSignal } from "race-signal";
import type { Clock } from "../../../kubernetes/clock.ts";
import type { Observation, Observer } from "../../../kubernetes/watch/observer.ts";
import type { Installation } from "../../../paperclip/installation.ts";
import { firstOf } from "../../shared/first-of.ts";
import { isPodSigned, mayBeSignedBy } from "../../shared/job-signature.ts";
import { withPods } from "../../shared/job-state.ts";
import { type JobsSeen, jobsSeen } from "./order.ts";

/** Milliseconds after a change before it is looked at: changes come in groups. */
const SETTLE_MS = 100;

export class TurnView {
  readonly #clock: Clock;
  readonly #jobs = new Map<string, Job>();
  readonly #pods = new Map<string, Pod>();
  #isOwnDeleted = false;
  readonly #own: string;
  readonly #installation: Installation;
  #changed = Promise.withResolvers<void>();
  readonly stop: () => void;

  /** @param own uid of the Job that waits */
  constructor(observer: Pick<Observer, "observe">, own: string, installation: Installation, clock: Clock) {
    this.#clock = clock;
    this.#installation = installation;
    this.#own = own;
    this.stop = observer.observe(undefined, (observation) => this.#take(observation));
  }

  /** The Job that waits; undefined until the watch has it. */
  get own(): Job | undefined {
    return this.#jobs.get(this.#own);
  }

  get isOwnDeleted(): boolean {
    return this.#isOwnDeleted;
  }

  get seen(): JobsSeen {
    return this.#with([...this.#jobs.values()]);
  }

  /** Jobs from a list, with the pods that the watch has: an agent that has ended does not start again. */
  withListed(jobs: readonly Job[]): JobsSeen {
    return this.#with(jobs.filter((job) => mayBeSignedBy(job, this.#installation)));
  }

  #with(jobs: readonly Job[]): JobsSeen {
    const pods = [...this.#pods.values()];
    return jobsSeen(withPods(jobs, pods, this.#clock.now()), pods);
  }

  /** Resolves soon after the next change, or after `withinMs`. Rejects with the signal's reason. */
  async changed(withinMs: number, signal: AbortSignal): Promise<void> {
    const changed = (stop: AbortSignal): Promise<void> => raceSignal(this.#changed.promise, stop);
    await firstOf(signal, [changed, (stop) => this.#clock.sleep(withinMs, stop)]);
    await this.#clock.sleep(SETTLE_MS, signal);
    this.#changed = Promise.withResolvers();
  }

  #take({ resource, type, object }: Observation): void {
    const { uid } = object.metadata;
    const isGone = type === "DELETED" || type === "GONE";
    // What others made in the likeness of ours takes no place.
    if (resource === "pods") {
      const { hasSecret } = this.#installation;
      const isOurs = !hasSecret || isPodSigned(object.metadata, this.#installation);
      if (isOurs && !isGone) this.#pods.set(uid, object);
      else this.#pods.delete(uid);
    } else {
      if (!isGone && mayBeSignedBy(object, this.#installation)) this.#jobs.set(uid, object);
      else this.#jobs.delete(uid);
      if (isGone && uid === this.#own) this.#isOwnDeleted = true;
    }
    if (type !== "CURRENT") this.#changed.resolve();
  }
}
