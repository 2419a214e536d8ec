/** The reason of the signal when the time ran out. */
export class DeadlineExpired extends Error {
  override readonly name = "DeadlineExpired";

  /** How much time there was, milliseconds. */
  readonly ms: number;

  constructor(ms: number) {
    super(`no answer within ${ms} ms`);
    this.ms = ms;
  }
}

/** A time limit joined with the caller's own signal. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** True when the time ran out, as opposed to the caller's abort. */
  readonly expired: boolean;
  /** The answer has begun: from here on only the caller's abort ends it. */
  stopTimer(): void;
  /** To be called when the work is over: leaves no timer and no listener behind. */
  clear(): void;
}

export function startDeadline(ms: number, caller: AbortSignal | undefined): Deadline {
  const controller = new AbortController();
  let expired = false;
  const timer = setTimeout(() => {
    expired = true;
    controller.abort(new DeadlineExpired(ms));
  }, ms);
  const onAbort = () => controller.abort(caller?.reason);
  if (caller?.aborted) onAbort();
  else caller?.addEventListener("abort", onAbort, { once: true });
  return {
    signal: controller.signal,
    get expired() {
      return expired;
    },
    stopTimer() {
      clearTimeout(timer);
    },
    clear() {
      clearTimeout(timer);
      caller?.removeEventListener("abort", onAbort);
    },
  };
}
