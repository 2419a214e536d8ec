import { cases } from "./thoroughness.ts";

/** Whether work grows with its input or with its square, told apart so far that a busy machine cannot mix them up. */
const TIMES = 16;
const LEAST_ATTEMPTS = cases(7, 3);
/** A machine that is busy is given time to be idle for as long as one attempt takes. */
const MOST_ATTEMPTS = 100;

/**
 * How many times longer the work takes for an input that is 16 times as long: about 16 when its time grows with the input,
 * about 256 when it grows with its square. The best of several attempts each: a machine can only be slower than it is.
 */
export function growth(work: (size: number) => void, size: number): number {
  let short = Number.POSITIVE_INFINITY;
  let long = Number.POSITIVE_INFINITY;
  // A tenth of a millisecond is as little as can be told from nothing.
  const ratio = (): number => Math.max(0.1, long) / Math.max(0.1, short);
  for (let attempt = 0; attempt < LEAST_ATTEMPTS || (attempt < MOST_ATTEMPTS && ratio() >= LINEAR); attempt++) {
    short = Math.min(
      short,
      timed(() => work(size)),
    );
    long = Math.min(
      long,
      timed(() => work(size * TIMES)),
    );
  }
  return ratio();
}

/** Halfway between the two, as ratios go. */
export const LINEAR = 64;

function timed(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}
