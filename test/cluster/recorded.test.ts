/** In Paperclip's server a Job goes once its outcome is on record, not before: until then it is the only proof. */
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { leftovers, objectsOf } from "./support/leftovers.ts";
import type { Place } from "./support/place.ts";
import { freshId, INIT, RESULT, SESSION, startRun } from "./support/run.ts";
import { usePlace } from "./support/use-place.ts";

let place: Place;
usePlace((opened) => {
  place = opened;
});

const SERVER = { PAPERCLIP_LISTEN_PORT: "3100" };
const QUICK = `cat >/dev/null; ${INIT}; ${RESULT}`;

describe("in Paperclip's server", () => {
  it("the Job goes when the outcome is on record", async () => {
    const run = startRun(place, { agent: QUICK, dependencies: { env: SERVER } });
    expect(await run.result).toMatchObject({ exitCode: 0 });
    expect(await leftovers(place, run)).toEqual([]);
  });

  it("a server that dies before it has written the outcome down finds it in the Job: the agent starts once", async ({
    skip,
  }) => {
    if (!place.devcluster) return skip("the counter file of the agent is the devcluster's");
    const counter = join(tmpdir(), `starts-${freshId()}`);
    const agent = `cat >/dev/null; echo started >> ${counter}; ${INIT}; sleep 0.5; ${RESULT}`;
    const lost = startRun(place, { agent, dependencies: { env: SERVER } });
    await lost.said("init");
    // What the next server writes when it finds the run without a process; a result that comes later is dropped.
    place.paperclip.set(lost.runId, "failed");
    expect(await lost.result).toMatchObject({ exitCode: 0 });
    expect(await objectsOf(place, lost)).toHaveLength(3);
    const next = startRun(place, { agent, agentId: lost.agentId, wake: { retryOfRunId: lost.runId } });
    expect(await next.result).toMatchObject({ exitCode: 0, sessionId: SESSION, costUsd: 0.25 });
    expect(await readFile(counter, "utf8")).toBe("started\n");
    expect(await leftovers(place, { agentId: lost.agentId })).toEqual([]);
    await rm(counter);
  });

  it("whose record cannot be read, nothing is waited for", async () => {
    const run = startRun(place, { agent: QUICK, dependencies: { env: SERVER, paperclipUrl: () => null } });
    expect(await run.result).toMatchObject({ exitCode: 0 });
    expect((await objectsOf(place, run)).filter((object) => object.startsWith("Job"))).toEqual([]);
  });

  it("a run that was stopped is removed at once", async () => {
    const agent = `trap 'exit 143' TERM; cat >/dev/null; ${INIT}; echo ready; while :; do sleep 0.1; done`;
    const run = startRun(place, { agent, dependencies: { env: SERVER } });
    await run.said("ready");
    run.cancel();
    expect(await run.result).toMatchObject({ errorCode: "cancelled" });
    expect((await objectsOf(place, run)).filter((object) => object.startsWith("Job"))).toEqual([]);
  });
});
