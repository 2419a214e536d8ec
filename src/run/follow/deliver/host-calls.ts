import type { Clock } from "../../../kubernetes/clock.ts";
import type { Channel } from "../../../runner/frame.ts";
import { LATE, LateGuard } from "../../shared/late-guard.ts";

/** The host's `onLog`. */
export type OnLog = (stream: Channel, chunk: string) => Promise<void> | void;

export type Outcome =
  | { readonly kind: "taken" }
  | { readonly kind: "refused"; readonly error: Error }
  /** It took too long and is not waited for any more; resolves with its error when it settles, null when it took the chunk. */
  | { readonly kind: "late"; readonly settled: Promise<Error | null> }
  /** The delivery was stopped while the call was under way. */
  | { readonly kind: "abandoned" };

export interface HostCallsOptions {
  readonly onLog: OnLog;
  readonly clock: Clock;
  /** Milliseconds that one call of `onLog` may take. `hanging`: an earlier call that took too long has not settled yet. */
  readonly limitMs: (hanging: boolean) => number;
}

const TAKEN: Outcome = { kind: "taken" };

/** Calls `onLog`, which may throw, reject, hang or answer at once. One call at a time. */
export class HostCalls {
  readonly #options: HostCallsOptions;
  readonly #guard: LateGuard;
  #abandoned = false;
  /** Calls that took too long and have not settled. */
  #hanging = 0;

  constructor(options: HostCallsOptions) {
    this.#options = options;
    this.#guard = new LateGuard(options.clock);
  }

  /** No promise when `onLog` returns none: the caller need not wait for the next tick. */
  call(channel: Channel, chunk: string): Outcome | Promise<Outcome> {
    try {
      const settled = this.#options.onLog(channel, chunk);
      return isThenable(settled) ? this.#settle(Promise.resolve(settled)) : TAKEN;
    } catch (thrown) {
      return { kind: "refused", error: asError(thrown) };
    }
  }

  /** The call under way is not waited for any more. */
  abandon(): void {
    this.#abandoned = true;
    this.#guard.close();
  }

  async #settle(call: Promise<void>): Promise<Outcome> {
    const settled = call.then(() => null, asError);
    const first = await this.#guard.inTime(settled, this.#options.limitMs(this.#hanging > 0));
    if (first !== LATE) return first ? { kind: "refused", error: first } : TAKEN;
    return this.#abandoned ? { kind: "abandoned" } : this.#hang(settled);
  }

  #hang(settled: Promise<Error | null>): Outcome {
    this.#hanging++;
    const done = settled.then((error) => {
      this.#hanging--;
      return error;
    });
    return { kind: "late", settled: done };
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

function isThenable(value: unknown): value is PromiseLike<void> {
  return typeof value === "object" && value !== null && "then" in value;
}
