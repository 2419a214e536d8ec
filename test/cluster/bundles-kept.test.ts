/** Files that runs share stay for a Job that a queue may take back at any time, also when nobody looks after its run. */
import { expect, it } from "vitest";
import { jobs } from "../../src/kubernetes/resource-types.ts";
import { bundlesOf } from "../../src/run/plan/plan.ts";
import { LeapingClock } from "./support/leaping-clock.ts";
import { WORKS } from "./support/line.ts";
import { loseRun } from "./support/lost-run.ts";
import { type Queues, SMALL, useQueues } from "./support/queues.ts";
import { startSupervisingServer } from "./support/supervising-server.ts";

let queues: Queues;
useQueues((made) => {
  queues = made;
});
const DAY_MS = 86_400_000;

it("a Job that works for days in a queue has its files, whichever version made them, for as long as it may need them", async () => {
  await queues.open(1);
  const { admin, namespace } = queues.place;
  const lost = await loseRun(queues.place, {
    agent: WORKS,
    after: "ready",
    config: { ...SMALL, queue: "team" },
    status: "running",
  });
  const job = await queues.jobOf(lost);
  const [name = "none"] = job ? bundlesOf(job) : [];
  const ttlDays = async (): Promise<number> =>
    ((await admin.get(jobs, namespace, name)).spec?.ttlSecondsAfterFinished ?? 0) / 86_400;
  const before = await ttlDays();
  expect(before).toBeGreaterThan(7);
  expect(before).toBeLessThan(7.2);
  const clock = new LeapingClock();
  const server = startSupervisingServer(queues.place, clock);
  await server.look();
  expect(await ttlDays()).toBe(before);
  clock.leap(4 * DAY_MS);
  const asked = await server.look();
  expect(asked).toContain("patch jobs");
  expect(await ttlDays()).toBeGreaterThan(11);
  clock.leap(DAY_MS);
  expect(await server.look()).not.toContain("patch jobs");
  server.stop();
  await admin.delete(jobs, namespace, job?.metadata.name ?? "");
  await queues.untilEmpty();
});
