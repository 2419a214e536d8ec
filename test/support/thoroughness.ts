/**
 * How thorough the tests are. The short form, which `npm test` is, has every test, and of what a test repeats (random
 * cases, rounds of a race, each call of a run) a share; the long one, `npm test -- --long`, has all: CI runs it.
 */

/** Variable that asks for the long form when it is not empty. */
export const LONG = "TEST_LONG";

export const isLong = Boolean(process.env[LONG]);

const SHARE = 1 / 8;

/** @param all how many the long form has. @param least what the short one has of them all the same */
export const cases = (all: number, least = 10): number =>
  isLong ? all : Math.min(all, Math.max(least, Math.ceil(all * SHARE)));

/** All of a list in the long form, else the given ones of it: what each of them alone can show. */
export const sampled = <T>(all: readonly T[], short: (one: T, index: number) => boolean): readonly T[] =>
  isLong ? all : all.filter(short);
