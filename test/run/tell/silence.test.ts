import { expect, it } from "vitest";
import { createHost } from "../../../src/paperclip/host.ts";
import { createObservedRun } from "../../../src/run/observe/observed-run.ts";
import { reportSilence } from "../../../src/run/tell/silence.ts";
import { ended, job, pod, RUN, RUNNING } from "../support/evidence.ts";

const MINUTE = 60_000;

it("26, 28, 31: a long silence shows life, whatever the host's callbacks do, and ends with the container", async () => {
  const told: string[] = [];
  const host = createHost({
    onLog: () => Promise.reject(new Error("the host's log is broken")),
    onEvent: ({ message }) => {
      told.push(message ?? "");
      return Promise.reject(new Error("the host's events are broken"));
    },
  });
  let now = 0;
  const sleepers: { at: number; wake: () => void }[] = [];
  const clock = {
    now: () => now,
    sleep: (ms: number) => new Promise<void>((wake) => sleepers.push({ at: now + ms, wake })),
  };
  const pass = async (minutes: number): Promise<void> => {
    for (let minute = 0; minute < minutes; minute++) {
      now += MINUTE;
      for (const sleeper of sleepers.splice(0)) sleeper.at <= now ? sleeper.wake() : sleepers.push(sleeper);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const record = createObservedRun(RUN);
  record.add(job());
  record.add(pod(RUNNING));
  const over = new AbortController();
  const life = reportSilence(record, host, clock, over.signal);
  await pass(8);
  life.heard();
  await pass(8);
  expect(told).toEqual([]);
  await pass(12);
  expect(told).toEqual([
    expect.stringContaining("printed nothing for 10 minutes"),
    expect.stringContaining("printed nothing for 20 minutes"),
  ]);
  // Deleted on a node that is lost: nobody knows whether it runs.
  record.add(pod(RUNNING, { deletionTimestamp: "2026-11-22T07:10:00Z" }));
  await pass(30);
  record.add(ended(0));
  await pass(30);
  expect(told).toHaveLength(2);
  over.abort();
});
