import type { Channel } from "../../../runner/frame.ts";

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
  /**
   * Resolves when one call of `onLog` has taken too long; the signal says that it is not waited for any more. `hanging`:
   * an earlier call that took too long has not settled yet either.
   */
  readonly tooLong: (signal: AbortSignal, hanging: boolean) => Promise<void>;
}

const TAKEN: Outcome = { kind: "taken" };

/** One for all: an error for each line would cost more than the line (measured). */
const SETTLED = new Error("the call is not waited for any more");

/** Calls `onLog`, which may throw, reject, hang or answer at once. */
export class HostCalls {
  readonly #options: HostCallsOptions;
  readonly #abandoned = new AbortController();
  /** Calls that took too long and have not settled. */
  #hanging = 0;

  constructor(options: HostCallsOptions) {
    this.#options = options;
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
    this.#abandoned.abort();
  }

  async #settle(call: Promise<void>): Promise<Outcome> {
    const waiting = new AbortController();
    const stop = () => waiting.abort(SETTLED);
    const { signal } = this.#abandoned;
    signal.addEventListener("abort", stop, { once: true });
    const settled = call.then(() => null, asError);
    const timeUp = this.#options.tooLong(waiting.signal, this.#hanging > 0).then(
      () => "late" as const,
      () => "abandoned" as const,
    );
    const first = await Promise.race([settled, timeUp]);
    waiting.abort(SETTLED);
    signal.removeEventListener("abort", stop);
    if (first === "late") return this.#hang(settled);
    if (first === "abandoned") return { kind: "abandoned" };
    return first ? { kind: "refused", error: first } : TAKEN;
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
