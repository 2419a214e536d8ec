import { test } from "vitest";
import { isLong } from "./thoroughness.ts";

/** The short form leaves variants out, but on a real cluster: they may ask what only that can answer. */
export const withVariants = isLong || Boolean(process.env.TEST_KUBECONFIG);

/**
 * A test of a variant, the kind of which another test shows: another fault with the same answer, another way to the same
 * end.
 */
export const variant = test.runIf(withVariants);
