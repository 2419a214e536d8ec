import { describe, expect, it } from "vitest";
import { drained } from "../../src/runner/drain.ts";

const never = new Promise<void>(() => {});

/** Runs a drain against a clock that only counts; `bytes` says what was read by then. Resolves to the time it took. */
async function timeOf(closed: Promise<void>, bytes: (now: number) => number): Promise<number> {
  let now = 0;
  await drained(
    closed,
    () => bytes(now),
    async (milliseconds) => {
      now += milliseconds;
      // Lets a promise that was resolved meanwhile be seen.
      await new Promise(setImmediate);
    },
  );
  return now;
}

describe("the drain after the agent's end", () => {
  it("is over when the pipes are closed", async () => {
    expect(await timeOf(Promise.resolve(), () => 0)).toBeLessThanOrEqual(100);
  });

  it("is over after two seconds of silence", async () => {
    expect(await timeOf(never, () => 0)).toBe(2_000);
    expect(await timeOf(never, (now) => Math.min(now, 1_500))).toBe(3_500);
  });

  it("is over after ten seconds, though somebody goes on and on", async () => {
    expect(await timeOf(never, (now) => now)).toBe(10_000);
  });

  it("is over when more came than the agent can have left in its pipes", async () => {
    expect(await timeOf(never, (now) => now * 20_000)).toBe(500);
  });
});
