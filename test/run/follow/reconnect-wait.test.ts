import { expect, test } from "vitest";
import { reconnectWait } from "../../../src/run/follow/read/limits.ts";

test("a log whose streams end in order is looked at every ten seconds at the least, whatever the chance", () => {
  const waits = Array.from({ length: 2000 }, (_, attempt) => reconnectWait(attempt, () => 0.999, true));
  expect(Math.max(...waits)).toBe(10_000);
  expect(waits.slice(1, 4)).toEqual([2998, 5996, 10_000]);
});
