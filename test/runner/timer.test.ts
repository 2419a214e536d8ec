import { describe, expect, it } from "vitest";
import { callAfter } from "../../src/runner/timer.ts";

describe("callAfter", () => {
  it("calls once, and not when it was cancelled before", async () => {
    let calls = 0;
    const cancel = callAfter(0, () => {
      calls += 100;
    });
    cancel();
    await new Promise<void>((resolve) => {
      callAfter(5, () => {
        calls += 1;
        resolve();
      });
    });
    expect(calls).toBe(1);
  });

  it("does not call at once for a time that setTimeout cannot hold", async () => {
    let called = false;
    const cancel = callAfter(40 * 24 * 3600 * 1000, () => {
      called = true;
    });
    await new Promise<void>((resolve) => {
      callAfter(20, resolve);
    });
    cancel();
    expect(called).toBe(false);
  });
});
