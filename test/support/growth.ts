/** Whether work grows with its input or with its square, told apart so far that a busy machine cannot mix them up. */
const TIMES = 16;
const ATTEMPTS = 7;

/**
 * How many times longer the work takes for an input that is 16 times as long: about 16 when its time grows with the input,
 * about 256 when it grows with its square. The best of several attempts each: a machine can only be slower than it is.
 */
export function growth(work: (size: number) => void, size: number): number {
  // A tenth of a millisecond is as little as can be told from nothing.
  return (
    Math.max(
      0.1,
      best(() => work(size * TIMES)),
    ) /
    Math.max(
      0.1,
      best(() => work(size)),
    )
  );
}

/** Halfway between the two, as ratios go. */
export const LINEAR = 64;

function best(work: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const start = performance.now();
    work();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}
