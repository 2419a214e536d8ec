import type { Patience, Waiting } from "../observe/observe.ts";

export interface StartLimits {
  /** Seconds in a queue, each time anew; 0 = no limit. */
  readonly queueTimeoutSec: number;
  /** Seconds a pod may take to start, once no queue has it, while it may still do so: a node, a volume, a slow pull, a quota. */
  readonly podStartTimeoutSec: number;
}

/**
 * Seconds that an object may be missing which the pod needs. An operator may be about to create it, and the kubelet asks
 * again with a back-off of up to two minutes.
 */
const MISSING_OBJECT_SEC = 120;
/** Seconds that what cannot heal must last: a watch may show a state that is over. */
const FATAL_AFTER_SEC = 5;

/** How long has been waited, in all and for what cannot heal by itself. */
export class PatienceClock {
  /** Milliseconds since 1970: of the wait in the queue, or of that for the pod, which begins when no queue has the Job. */
  #began: number;
  readonly #limits: StartLimits;
  #state = "";
  /** When the state first had trouble of that kind: a node names what is missing in turn with what follows from it. */
  #firstSeen = new Map<Patience, number>();

  constructor(began: number, limits: StartLimits) {
    this.#began = began;
    this.#limits = limits;
  }

  get began(): number {
    return this.#began;
  }

  isOver({ state, patience }: Waiting, now: number): boolean {
    if (state !== this.#state) {
      this.#firstSeen.clear();
      if (state === "queued" || this.#state === "queued") this.#began = now;
    }
    this.#state = state;
    const since = this.#firstSeen.get(patience) ?? now;
    this.#firstSeen.set(patience, since);
    const { podStartTimeoutSec, queueTimeoutSec } = this.#limits;
    if (patience === "fatal") return now - since >= FATAL_AFTER_SEC * 1000;
    if (patience === "missing-object" && now - since >= MISSING_OBJECT_SEC * 1000) return true;
    // In a queue its own limit holds for all that heals.
    if (patience === "queue") return queueTimeoutSec > 0 && now - this.#began >= queueTimeoutSec * 1000;
    return now - this.#began >= podStartTimeoutSec * 1000;
  }
}
