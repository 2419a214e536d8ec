import type { Job } from "kubernetes-types/batch/v1";
import type { Clock } from "../../kubernetes/clock.ts";
import type { Observer } from "../../kubernetes/watch/observer.ts";
import { CURRENT_FOR_MS } from "../../kubernetes/watch/resource-feed.ts";

/** A Job as watches show it that are up anyway, until it is disposed of. */
export class JobView implements Disposable {
  readonly #observer: Observer;
  readonly #clock: Pick<Clock, "now">;
  readonly #stop: () => void;
  #newest: Job | null = null;

  constructor(observer: Observer, uid: string, clock: Pick<Clock, "now">) {
    this.#observer = observer;
    this.#clock = clock;
    this.#stop = observer.observe({ jobUid: uid }, ({ resource, object }) => {
      if (resource === "jobs") this.#newest = object;
    });
  }

  /** Null where no watch shows it, or has not been heard of for as long as a process that was frozen has not. */
  get newest(): Job | null {
    const { lastContactAt = 0 } = this.#observer.health?.jobs ?? {};
    return this.#clock.now() - lastContactAt < CURRENT_FOR_MS ? this.#newest : null;
  }

  [Symbol.dispose](): void {
    this.#stop();
    this.#newest = null;
  }
}
