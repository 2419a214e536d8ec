/** Three servers of one Paperclip, of which three are killed while thirty agents work. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, vi } from "vitest";
import { openPlace, type Place } from "../../bench/scale/place.ts";
import { Scene } from "../../bench/scale/replicas/scene.ts";
import { variant } from "../support/variant.ts";

// Processes on a machine that may be busy: nothing here takes that long when all is well.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const SERVERS = 3;
const TASKS = 30;
const KILLS = 3;
/** How long an agent works: the shortest ends before a kill, the longest after it. */
const SECONDS = [3, 25] as const;
/** Milliseconds from one kill to the next. */
const EVERY_MS = 5_000;

let place: Place;
beforeAll(async () => {
  place = await openPlace({ fast: true });
});
afterAll(async () => {
  await place?.[Symbol.asyncDispose]();
});

variant(
  "each task is done once, by one Job, with each line once; what the supervisors ask grows with the runs that are lost",
  async () => {
    const options = {
      servers: SERVERS,
      tasks: TASKS,
      seconds: SECONDS,
      periodMs: 200,
      leaseMs: 2_000,
      seed: 1,
    } as const;
    await using scene = await Scene.open(place, options);
    await scene.wakeAll(1_000);
    await scene.untilRunning(TASKS, 60_000);
    for (let kill = 0; kill < KILLS; kill++) {
      await sleep(EVERY_MS);
      await scene.servers.killOne();
    }
    await scene.untilAllDone(180_000);
    expect(scene.audit()).toEqual([]);
    const lost = [...scene.paperclip.runs].filter(({ lostAt }) => lostAt !== null).length;
    expect(lost).toBeGreaterThan(0);
    // A server's first look lists; then it has its watches. A Job is asked about when its run is lost, and by one server.
    const begun = SERVERS + KILLS;
    const asked = { ...scene.servers.asked.supervisor, ...scene.paperclip.asked.supervisor };
    expect(asked["list pods"] ?? 0, JSON.stringify(asked)).toBeLessThanOrEqual(begun);
    expect(asked["get secrets"], JSON.stringify(asked)).toBeLessThanOrEqual(4 * (lost + begun));
    expect(asked["a run"], JSON.stringify(asked)).toBeLessThanOrEqual(2 * (lost + begun));
    expect(asked["a wake-up"]).toBe(lost);
  },
);
