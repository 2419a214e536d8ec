import { describe, expect, it } from "vitest";
import type { RunStatus } from "../../../src/paperclip/run-status.ts";
import { classifyStop } from "../../../src/run/stop/stop-reason.ts";
import { createStopSignal } from "../../../src/run/stop/stop-signal.ts";

/** A host, its record of the run, and a clock that passes when told to. */
function setUp() {
  const host = new AbortController();
  const over = new AbortController();
  const told: string[] = [];
  const ticks: (() => void)[] = [];
  const waits: number[] = [];
  let looks = 0;
  let status: RunStatus = { kind: "alive", status: "running" };
  const orders = createStopSignal({
    runId: "run",
    host: host.signal,
    readStatus: () => {
      looks++;
      return Promise.resolve(status);
    },
    tell: (message) => Promise.resolve(void told.push(message)),
    over: over.signal,
    clock: {
      now: () => 0,
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          waits.push(ms);
          ticks.push(resolve);
          signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
        }),
    },
    random: () => 0.5,
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    host,
    over,
    orders,
    told,
    waits,
    looks: () => looks,
    settle,
    look: async (next: RunStatus) => {
      status = next;
      ticks.shift()?.();
      await settle();
    },
    say: (next: RunStatus) => {
      status = next;
    },
  };
}

const over = (status: string): RunStatus => ({ kind: "over", status, reported: null });
const alive = (status: string): RunStatus => ({ kind: "alive", status });

describe("lesson 2, case 56: only an explicit cancellation cancels", () => {
  it.each([over("cancelled"), alive("cancelling")])("the record says %j", async (status) => {
    const { orders, look } = setUp();
    await look(status);
    expect(classifyStop(orders.reason)).toMatchObject({ kind: "cancel", by: "the run's record" });
  });

  it.each<RunStatus>([
    ...["running", "queued", "pending", "scheduled_retry", "a word of tomorrow"].map(alive),
    ...["succeeded", "failed", "timed_out", "interrupted"].map(over),
    { kind: "unknown" },
    { kind: "unreadable", why: "500", denied: false },
  ])("nothing is stopped by %j", async (status) => {
    const { orders, look, looks } = setUp();
    for (let round = 1; round <= 3; round++) {
      await look(status);
      expect(looks()).toBe(round);
    }
    expect(orders.aborted).toBe(false);
  });

  it("a refused token ends the looking, with one notice", async () => {
    const { orders, look, looks, told } = setUp();
    await look({ kind: "unreadable", why: "Paperclip does not accept the token (401)", denied: true });
    await look(over("cancelled"));
    expect(looks()).toBe(1);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/token \(401\).*Stop still works/);
    expect(orders.aborted).toBe(false);
  });

  it("the record is looked at every 15 to 30 seconds, and not any more when the run is over", async () => {
    const { look, looks, waits, over: ends, settle } = setUp();
    await look(alive("running"));
    expect(waits).toEqual([22_500, 22_500]);
    ends.abort();
    await settle();
    expect(looks()).toBe(1);
  });
});

describe("the host's signal", () => {
  it("cancels at once, with the host's words", () => {
    const { host, orders, looks } = setUp();
    host.abort(new Error("Cancelled due to budget pause"));
    expect(classifyStop(orders.reason)).toEqual({
      kind: "cancel",
      by: "the host",
      reason: "Cancelled due to budget pause",
    });
    expect(looks()).toBe(0);
  });

  it("that only says the lease is lost detaches", async () => {
    const { host, orders, settle } = setUp();
    host.abort(new Error("Legacy controller lease lost"));
    await settle();
    expect(classifyStop(orders.reason)).toMatchObject({ kind: "detach" });
  });

  it("that only says the lease is lost cancels when the run's record says so", async () => {
    const { host, orders, settle, say } = setUp();
    say(over("cancelled"));
    host.abort(new Error("Legacy controller lease lost"));
    await settle();
    expect(classifyStop(orders.reason)).toMatchObject({ kind: "cancel" });
  });
});
