import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../../src/kubernetes/clock.ts";
import { firstOf } from "../../../src/run/shared/first-of.ts";

const HOUR_MS = 3_600_000;
const sleep =
  (ms: number) =>
  (stop: AbortSignal): Promise<number> =>
    systemClock.sleep(ms, stop).then(() => ms);

describe("the first of several waits", () => {
  it("settles as the first one does, and tells the others", async () => {
    const told = Promise.withResolvers<void>();
    const other = (stop: AbortSignal): Promise<number> => {
      stop.addEventListener("abort", () => told.resolve());
      return sleep(HOUR_MS)(stop);
    };
    await expect(firstOf(undefined, [other, sleep(1)])).resolves.toBe(1);
    await told.promise;
  });

  it("rejects as the first one does", async () => {
    const fails = (): Promise<number> => Promise.reject(new Error("no such pod"));
    await expect(firstOf(undefined, [sleep(HOUR_MS), fails])).rejects.toThrow("no such pod");
  });

  it("rejects with the caller's reason, and begins nothing after it", async () => {
    const caller = new AbortController();
    const waiting = firstOf(caller.signal, [sleep(HOUR_MS)]);
    caller.abort(new Error("stopped"));
    await expect(waiting).rejects.toThrow("stopped");
    let begun = false;
    const begins = async (): Promise<void> => {
      begun = true;
    };
    await expect(firstOf(caller.signal, [begins])).rejects.toThrow("stopped");
    expect(begun).toBe(false);
  });

  it("leaves no listener with the caller", async () => {
    const caller = new AbortController();
    await firstOf(caller.signal, [sleep(1), sleep(HOUR_MS)]);
    expect(getEventListeners(caller.signal, "abort")).toHaveLength(0);
  });
});
