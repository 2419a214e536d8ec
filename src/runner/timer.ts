const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** Calls once after the time, however long (setTimeout fires at once beyond 24.8 days). Returns how to cancel. */
export function callAfter(milliseconds: number, action: () => void): () => void {
  const step = Math.min(milliseconds, LONGEST_TIMEOUT_MS);
  let cancel = (): void => clearTimeout(timer);
  const timer = setTimeout(() => {
    if (milliseconds > step) cancel = callAfter(milliseconds - step, action);
    else action();
  }, step);
  return () => cancel();
}

/** The work hangs, and is left behind. */
export class TooLate extends Error {}

/** Rejects with TooLate when the work takes longer. */
export async function withTimeout<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let cancel = (): void => {};
  const late = new Promise<never>((_, reject) => {
    cancel = callAfter(milliseconds, () => reject(new TooLate(`it did not answer in ${milliseconds / 1000} s`)));
  });
  return Promise.race([work, late]).finally(() => cancel());
}
