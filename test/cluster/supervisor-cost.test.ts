/** What half an hour of a server's supervisor costs the API server and Paperclip, counted where it asks; nobody waits that long. */
import { setTimeout as pause } from "node:timers/promises";
import { expect, it } from "vitest";
import { variant } from "../support/variant.ts";
import { freshId } from "./support/context.ts";
import { LeapingClock } from "./support/leaping-clock.ts";
import { loseRun } from "./support/lost-run.ts";
import type { Place } from "./support/place.ts";
import { INIT } from "./support/run.ts";
import { type SupervisingServer, startSupervisingServer } from "./support/supervising-server.ts";
import { onDevcluster, usePlace } from "./support/use-place.ts";

let place: Place;
usePlace(
  (opened) => {
    place = opened;
  },
  // By the clock that is set forward they come at least as often as a real server's; they are no requests.
  { bookmarkInterval: 10 },
);

const EVERY_MS = 15_000;
const LOOKS = 1_800_000 / EVERY_MS;
const RUNS = 5;

/** In words, how often each was asked for. */
function counted(asked: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const what of asked) counts[what] = (counts[what] ?? 0) + 1;
  return counts;
}

async function halfAnHourOf(server: SupervisingServer, clock: LeapingClock): Promise<Record<string, number>> {
  const before = server.asked.length;
  for (let look = 0; look < LOOKS; look++) {
    clock.leap(EVERY_MS);
    await pause(25);
    await server.look();
  }
  return counted(server.asked.slice(before));
}

onDevcluster("half an hour of a server's supervisor", () => {
  variant("where nothing of this Paperclip is: a list a look, as before, and no watch", async () => {
    const clock = new LeapingClock();
    const server = startSupervisingServer(await place.apart(), clock);
    await server.look();
    expect(await halfAnHourOf(server, clock)).toEqual({ "list jobs": LOOKS });
    server.stop();
  });

  it("where other servers' runs live: two watches, a list each four minutes, and of Paperclip one a look", async () => {
    const agent = `cat >/dev/null; ${INIT}; sleep 600`;
    const wake = () => ({ taskId: `task-${freshId()}` });
    await Promise.all(
      Array.from({ length: RUNS }, () => loseRun(place, { agent, after: "init", status: "running", wake: wake() })),
    );
    const clock = new LeapingClock();
    const server = startSupervisingServer(place, clock);
    await server.look();
    await expect.poll(() => server.sees(), { timeout: 30_000 }).not.toBeNull();
    await server.look();
    const { requests } = place.paperclip;
    const before = requests.length;
    const asked = await halfAnHourOf(server, clock);
    // Three lists of probes; two of each by which the watches are compared with what there is.
    expect(asked["list jobs"], JSON.stringify(asked)).toBeLessThanOrEqual(3 + 2);
    expect(asked["list pods"], JSON.stringify(asked)).toBeLessThanOrEqual(2);
    expect(Object.keys(asked).filter((what) => !/^(list|watch) (jobs|pods)$/.test(what))).toEqual([]);
    expect(counted(requests.slice(before))).toEqual({ "GET /api/companies/company/heartbeat-runs": LOOKS });
    server.stop();
  });
});
