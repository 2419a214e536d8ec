/** Which places are looked at in a round. */
import type { Clock } from "../../../kubernetes/clock.ts";
import { keyOf, type Place } from "./places.ts";

/** How a look at a place ended. */
export interface Look {
  /** Jobs of this Paperclip that are there; null: it could not be looked at. */
  readonly found: number | null;
  /** The operator names the place, by a policy or by running Paperclip in that cluster, or runs of this process have used it. */
  readonly named: boolean;
}

/**
 * Milliseconds between two looks at a place that nobody named and that has nothing of ours: a server on somebody's own
 * machine finds whatever cluster the kubeconfig there is at.
 */
const NOBODYS_EVERY_MS = 10 * 60_000;
/** Milliseconds until the next look where such a place does not answer, doubled each time: a lost run may be there. */
const SILENT_AGAIN_MS = 15_000;

/** Of one process. */
export class Rounds {
  readonly #clock: Pick<Clock, "now">;
  readonly #under = new Set<string>();
  readonly #rests = new Map<string, { readonly until: number; readonly failures: number }>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /**
   * Looks at the place, unless a look at it is under way or it is too early: a cluster that does not answer keeps its own
   * rounds waiting, and no other's.
   */
  async lookAt(place: Place, look: () => Promise<Look>): Promise<void> {
    const key = keyOf(place);
    if (this.#under.has(key) || this.#clock.now() < (this.#rests.get(key)?.until ?? 0)) return;
    this.#under.add(key);
    try {
      this.#note(key, await look());
    } finally {
      this.#under.delete(key);
    }
  }

  #note(key: string, { found, named }: Look): void {
    const { failures = 0 } = this.#rests.get(key) ?? {};
    if (found || named) this.#rests.delete(key);
    else if (found === 0) this.#rests.set(key, { until: this.#clock.now() + NOBODYS_EVERY_MS, failures: 0 });
    else {
      const ms = Math.min(NOBODYS_EVERY_MS, SILENT_AGAIN_MS * 2 ** failures);
      this.#rests.set(key, { until: this.#clock.now() + ms, failures: failures + 1 });
    }
  }
}
