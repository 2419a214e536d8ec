/** Two servers on one database and one cluster: both look after Jobs that nobody watches, and nothing happens twice. */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PaperclipServer } from "../host/server.ts";
import { steps } from "../stage/scenes.ts";
import { Stage } from "../stage/stage.ts";
import { beginTask, outliveLease } from "../stage/work.ts";
import { endsWell, isDone, takenOver } from "./support/going-on.ts";

/** Milliseconds: longer than the longest time between two looks of one server, shorter than a call to the cluster may take. */
const BOTH_HAVE_LOOKED_MS = 22_000;

let stage: Stage;
let other: PaperclipServer;
beforeAll(async () => {
  stage = await Stage.open({ scenes: { steps } });
  other = await stage.replica();
});
afterAll(() => stage?.[Symbol.asyncDispose]());

describe("two servers", () => {
  it("that find the same lost run at the same moment wake its agent once", async () => {
    const work = await beginTask(stage, "Rae");
    const { controllerLeaseExpiresAt } = await stage.api.run(work.run.id);
    await stage.server.kill();
    await outliveLease([controllerLeaseExpiresAt]);
    expect((await other.api.runs(stage.company.id, work.agent.id)).map(({ status }) => status)).toEqual(["running"]);
    // The first one's mark on the Job is held up until the second has seen the Job without it, and writes its own.
    const marking = stage.cluster.devcluster?.faults.add({
      match: { method: "PATCH", path: new RegExp(`/jobs/${work.job}$`) },
      action: { kind: "delay", milliseconds: BOTH_HAVE_LOOKED_MS },
      count: 2,
    });
    await stage.reboot();
    const successor = await takenOver(stage, work);
    expect(marking?.hits).toBe(2);
    await endsWell(stage, work, successor);
    await isDone(stage, work.issue);
    const logs = await Promise.all([stage.server, other].map(({ logFile }) => readFile(logFile, "utf8")));
    expect(logs.join("").match(/has no run any more: run \S+ is to take it over/g)).toHaveLength(1);
  }, 300_000);
});
