/** Three servers of one Paperclip, of which three are killed while thirty agents work. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { openPlace, type Place } from "../../bench/scale/place.ts";
import { Scene } from "../../bench/scale/replicas/scene.ts";

// Processes on a machine that may be busy: nothing here takes that long when all is well.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const SERVERS = 3;
const TASKS = 30;
const KILLS = 3;
/** Milliseconds from one kill to the next. */
const EVERY_MS = 5_000;

let place: Place;
beforeAll(async () => {
  place = await openPlace({ fast: true });
});
afterAll(async () => {
  await place?.[Symbol.asyncDispose]();
});

it("each task is done once, by one Job, with each line once; the supervisors list only where they begin", async () => {
  const options = { servers: SERVERS, tasks: TASKS, seconds: [3, 25], periodMs: 200, leaseMs: 2_000, seed: 1 } as const;
  await using scene = await Scene.open(place, options);
  await scene.wakeAll(1_000);
  await scene.untilRunning(TASKS, 60_000);
  let lost = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    await sleep(EVERY_MS);
    lost += await scene.servers.killOne();
  }
  await scene.untilAllDone(180_000);
  expect(scene.audit()).toEqual([]);
  expect(lost).toBeGreaterThan(0);
  // Each server's first look lists Jobs twice (also those of versions before) and pods; the watches take a second to come.
  const { "list jobs": ofJobs = 0, "list pods": ofPods = 0 } = scene.servers.asked.supervisor;
  expect(ofJobs).toBeLessThanOrEqual(3 * (SERVERS + KILLS));
  expect(ofPods).toBeLessThanOrEqual(2 * (SERVERS + KILLS));
  // A run that is lost is asked for once.
  expect(scene.paperclip.asked.supervisor["a wake-up"]).toBe(lost);
});
