/**
 * How thorough the tests are. The short form, which `npm test` is, takes of what a test repeats
 * (random cases, rounds of a race, each call of a run, rows of a matrix, shells) a share, and leaves out variants; the
 * long one, `npm test -- --long`, has all: CI runs it.
 */

/** Variable that asks for the long form when it is not empty. */
export const LONG = "TEST_LONG";

export const isLong = Boolean(process.env[LONG]);

const SHARE = 1 / 8;

/** @param all how many the long form has. @param least what the short one has of them all the same */
export const cases = (all: number, least = 10): number =>
  isLong ? all : Math.min(all, Math.max(least, Math.ceil(all * SHARE)));

/**
 * Rows of a matrix in which each value stands many times. In the short form each nth, so of rows that were made of
 * lists, whose lengths n does not divide, every value.
 */
export const some = <T>(rows: readonly T[], n = 3): readonly T[] =>
  isLong ? rows : rows.filter((_, index) => index % n === 0);
