/** Agents whose process does not end with their work, or never had a session to go on with. */
import { describe, expect, it } from "vitest";
import { jobs } from "../../src/kubernetes/resource-types.ts";
import { LABELS } from "../../src/run/shared/names.ts";
import { leftovers } from "./support/leftovers.ts";
import type { Place } from "./support/place.ts";
import { INIT, RESULT, SESSION, startRun } from "./support/run.ts";
import { usePlace } from "./support/use-place.ts";

let place: Place;
usePlace((opened) => {
  place = opened;
});

describe("a run whose agent goes on after its result", () => {
  it("is completed by that result within seconds, and its Job is complete", async () => {
    const run = startRun(place, {
      agent: `${INIT}; ${RESULT}; sleep 600 & exec sleep 600`,
      config: { terminalResultCleanupGraceMs: 1_000, graceSec: 5, retainJobs: true },
    });
    expect(await run.result).toMatchObject({
      ...{ exitCode: 0, errorCode: null, sessionId: SESSION, costUsd: 0.25, summary: "all done" },
      resultJson: { verdict: "completed" },
    });
    const labelSelector = `${LABELS.runId}=${run.runId}`;
    // The Job controller says so up to three seconds after the container's end.
    await expect
      .poll(
        async () => {
          const [job] = (await place.admin.list(jobs, place.namespace, { labelSelector })).items;
          return job?.status?.conditions?.map(({ type }) => type) ?? [];
        },
        { timeout: 30_000 },
      )
      .toContain("Complete");
  });
});

describe("a run whose agent falls silent", () => {
  it("is ended, and its session is kept", async () => {
    const run = startRun(place, { agent: `${INIT}; exec sleep 600`, config: { silenceLimitSec: 1, graceSec: 5 } });
    expect(await run.result).toMatchObject({ errorCode: "claude_silent", sessionId: SESSION });
    expect(await leftovers(place, run)).toEqual([]);
  });
});
