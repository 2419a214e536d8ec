import { describe, expect, it } from "vitest";
import type { Clock } from "../../../src/kubernetes/clock.ts";
import type { ObservationFilter, ObservationListener } from "../../../src/kubernetes/watch/observer.ts";
import type { Notice } from "../../../src/paperclip/host.ts";
import type { Wait } from "../../../src/run/claim/wait.ts";
import { createSlotWaiter } from "../../../src/run/claim/wait-for-slot.ts";
import { RunFault } from "../../../src/run/shared/run-fault.ts";
import { jobOf } from "./jobs.ts";

const run = { agentId: "agent", taskId: "task", sessionId: null };
const wait: Wait = { why: "Run run-1 is alive", job: "job-1", pod: null, runId: "run-1", since: "then", limit: null };

/** A turn at a clock whose sleeps take no time, unless they are to be woken by a change. */
function waiting({ sleeps = true } = {}) {
  let now = 0;
  const clock: Clock = {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
        now += sleeps ? ms : 0;
        if (sleeps || ms < 1000) resolve();
      }),
  };
  const listeners = new Set<{ concerns: ObservationFilter | undefined; hear: ObservationListener }>();
  const notices: Notice[] = [];
  const lines: string[] = [];
  const turn = createSlotWaiter(
    { clock, random: () => 0 },
    {
      observe: (concerns, hear) => {
        const entry = { concerns, hear };
        listeners.add(entry);
        return () => listeners.delete(entry);
      },
    },
    run,
    {
      notice: async (notice) => {
        notices.push(notice);
      },
      status: async (line) => {
        lines.push(line);
      },
    },
  );
  const change = (taskId: string): void => {
    const object = jobOf({ taskId }) as never;
    for (const { concerns, hear } of [...listeners]) {
      const observation = { resource: "jobs", type: "MODIFIED", object } as const;
      if (typeof concerns === "function" && concerns(observation)) hear(observation);
    }
  };
  return { turn, notices, lines, change, listeners, now: () => now };
}

describe("a run that waits", () => {
  const { signal } = new AbortController();

  it("tells once for what, and again after ten minutes", async () => {
    const { turn, notices, lines, now } = waiting();
    while (now() < 25 * 60_000) await turn.wait(wait, signal);
    expect(lines).toEqual(["Waiting: Run run-1 is alive (since then)"]);
    expect(notices).toHaveLength(3);
    expect(notices[0]).toMatchObject({
      type: "k8s.run.waiting",
      payload: { job: "job-1", runId: "run-1", since: "then" },
    });
    await turn.wait({ ...wait, why: "Pod x is ending" }, signal);
    expect(lines.at(-1)).toContain("Pod x is ending");
    await turn.granted();
    expect(notices.at(-1)?.type).toBe("k8s.run.waited");
  });

  it("waits for a living run without end, and for what ends by itself no longer than its limit", async () => {
    const { turn, now } = waiting();
    while (now() < 6 * 3_600_000) await turn.wait(wait, signal);
    const refusal = { code: "k8s_concurrent_run_blocked", why: "It does not end", fix: "End it." } as const;
    const bounded: Wait = { ...wait, why: "Pod x is ending", limit: { sec: 195, refusal } };
    const began = now();
    const refused = (async () => {
      for (;;) await turn.wait(bounded, signal);
    })();
    await expect(refused).rejects.toBeInstanceOf(RunFault);
    await expect(refused).rejects.toMatchObject({ fault: { code: "k8s_concurrent_run_blocked", fix: "End it." } });
    expect((now() - began) / 1000).toBeGreaterThanOrEqual(195);
    expect((now() - began) / 1000).toBeLessThan(195 + 15);
  });

  it("asks again at a change that concerns it, and at no other", async () => {
    const { turn, change, listeners } = waiting({ sleeps: false });
    let asked = false;
    const waited = turn.wait(wait, signal).then(() => {
      asked = true;
    });
    await expect.poll(() => listeners.size).toBe(1);
    change("another");
    await new Promise(setImmediate);
    expect(asked).toBe(false);
    change("task");
    await waited;
    expect(listeners.size).toBe(0);
  });

  it("obeys Stop at once", async () => {
    const { turn, listeners } = waiting({ sleeps: false });
    const stop = new AbortController();
    const waited = turn.wait(wait, stop.signal);
    await expect.poll(() => listeners.size).toBe(1);
    stop.abort(new Error("Cancelled by a board operator"));
    await expect(waited).rejects.toThrow("Cancelled by a board operator");
    expect(listeners.size).toBe(0);
  });
});
