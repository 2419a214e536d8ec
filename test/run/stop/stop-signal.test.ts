import type { AdapterExecutionContext } from "@paperclipai/adapter-utils";
import { describe, expect, it } from "vitest";
import type { PolledRun } from "../../../src/paperclip/cancellation-poller.ts";
import type { RunStatus } from "../../../src/paperclip/run-status.ts";
import { classifyStop } from "../../../src/run/stop/stop-reason.ts";
import { createStopSignal } from "../../../src/run/stop/stop-signal.ts";

const agent = { id: "agent", companyId: "company" } as AdapterExecutionContext["agent"];

/** A host, and who polls the record of its run. */
function setUp({ token = "token", aborted }: { token?: string | null; aborted?: Error } = {}) {
  const host = new AbortController();
  if (aborted) host.abort(aborted);
  const over = new AbortController();
  const told: string[] = [];
  const polled = new Set<PolledRun>();
  let looks = 0;
  let status: RunStatus = { kind: "alive", status: "running" };
  const stop = createStopSignal({
    ctx: { runId: "run", signal: host.signal, agent },
    record: { url: "http://paperclip", token },
    readStatus: () => {
      looks++;
      return Promise.resolve(status);
    },
    cancellations: {
      watch: (run) => {
        polled.add(run);
        return () => polled.delete(run);
      },
    },
    warn: (message) => Promise.resolve(void told.push(message)),
    runEnded: over.signal,
  });
  return {
    host,
    over,
    stop,
    told,
    looks: () => looks,
    settle: () => new Promise((resolve) => setImmediate(resolve)),
    polled: () => [...polled],
    say: (next: RunStatus) => {
      status = next;
    },
  };
}

const over = (status: string): RunStatus => ({ kind: "over", status, reported: null });
const alive = (status: string): RunStatus => ({ kind: "alive", status });

describe("lesson 2, case 56: the run's record", () => {
  it("is polled with the run's token, and a cancellation in it stops the run", () => {
    const { stop, polled } = setUp();
    const [run] = polled();
    expect(run).toMatchObject({ url: "http://paperclip", token: "token", companyId: "company", runId: "run" });
    run?.onCancelled("cancelled");
    expect(classifyStop(stop.reason)).toMatchObject({ kind: "cancel", by: "the run's record" });
    expect(polled()).toEqual([]);
  });

  it("that cannot be read is told, and stops nothing", () => {
    const { stop, polled, told } = setUp();
    polled()[0]?.onDenied("Paperclip does not accept the token (401)");
    expect(told).toEqual([expect.stringMatching(/token \(401\).*Stop on the run's page still works/)]);
    expect(stop.aborted).toBe(false);
  });

  it("is not polled any more when the run is over or stopped, and never without a token", () => {
    const ended = setUp();
    ended.over.abort();
    expect(ended.polled()).toEqual([]);
    const stopped = setUp();
    stopped.host.abort(new Error("Cancelled by a board operator"));
    expect(stopped.polled()).toEqual([]);
    expect(setUp({ token: null }).polled()).toEqual([]);
    expect(setUp({ aborted: new Error("too late") }).polled()).toEqual([]);
  });
});

describe("the host's signal", () => {
  it("cancels at once, with the host's words", () => {
    const { host, stop, looks } = setUp();
    host.abort(new Error("Cancelled due to budget pause"));
    expect(classifyStop(stop.reason)).toEqual({
      kind: "cancel",
      by: "the host",
      reason: "Cancelled due to budget pause",
    });
    expect(looks()).toBe(0);
  });

  it("that only says the lease is lost detaches", async () => {
    const { host, stop, settle } = setUp();
    host.abort(new Error("Legacy controller lease lost"));
    await settle();
    expect(classifyStop(stop.reason)).toMatchObject({ kind: "detach" });
  });

  it("that only says the lease is lost cancels when the run's record says so", async () => {
    const { host, stop, settle, say } = setUp();
    say(over("cancelled"));
    host.abort(new Error("Legacy controller lease lost"));
    await settle();
    expect(classifyStop(stop.reason)).toMatchObject({ kind: "cancel" });
  });
});

describe("a record that is read once more when the lease is lost", () => {
  it.each<RunStatus>([
    ...["running", "queued", "pending", "scheduled_retry", "a word of tomorrow"].map(alive),
    ...["succeeded", "failed", "timed_out", "interrupted"].map(over),
    { kind: "unknown" },
    { kind: "unreadable", why: "500", denied: false },
  ])("leaves the agent alone when it says %j", async (status) => {
    const { host, stop, settle, say } = setUp();
    say(status);
    host.abort(new Error("Legacy controller lease lost"));
    await settle();
    expect(classifyStop(stop.reason)).toMatchObject({ kind: "detach" });
  });
});
