import { describe, expect, it } from "vitest";
import { jobs } from "../../src/kubernetes/resource-types.ts";
import { jobManifestOf } from "./support/held-job.ts";
import { leftovers, objectsOf } from "./support/leftovers.ts";
import type { Place } from "./support/place.ts";
import { freshId, INIT, RESULT, startRun } from "./support/run.ts";
import { usePlace } from "./support/use-place.ts";

let place: Place;
usePlace((opened) => {
  place = opened;
});

const WORKS = `trap 'exit 143' TERM; cat >/dev/null; ${INIT}; echo ready; while :; do sleep 0.1; done`;
const QUICK = `cat >/dev/null; ${INIT}; ${RESULT}`;

describe("one living Job for an agent", () => {
  it("a second wake while the first run is alive is refused, names it, and does not steal it", async () => {
    const first = startRun(place, { agent: WORKS });
    await first.said("ready");
    const second = startRun(place, { agent: QUICK, agentId: first.agentId });
    const refused = await second.result;
    expect(refused).toMatchObject({ exitCode: null, errorCode: "k8s_concurrent_run_blocked", sessionId: undefined });
    expect(refused.errorMessage).toContain(first.runId);
    expect(refused.errorMessage).toMatch(/is alive \(running\) as Job ac-/);
    expect(refused.executionRecovery).toMatchObject({ kind: "bootstrap", providerWorkStarted: false });
    first.cancel();
    expect((await first.result).errorCode).toBe("cancelled");
    expect(await leftovers(place, first)).toEqual([]);
  });

  it("is refused as well when Paperclip cannot say whether the other run is alive", async () => {
    const first = startRun(place, { agent: WORKS });
    await first.said("ready");
    for (const paperclipUrl of [() => null, () => "http://127.0.0.1:9"]) {
      const second = startRun(place, { agent: QUICK, agentId: first.agentId, dependencies: { paperclipUrl } });
      const refused = await second.result;
      expect(refused.errorCode).toBe("k8s_concurrency_guard_unreachable");
      expect(refused.errorMessage).toContain(first.runId);
    }
    first.cancel();
    await first.result;
  });

  it("33: is refused when the agent's Jobs cannot be listed", async ({ skip }) => {
    if (!place.devcluster) return skip("faults are the devcluster's");
    const fault = place.devcluster.faults.add({
      match: { method: "GET", path: /\/jobs$/ },
      action: { kind: "respond", code: 503, retryAfter: 100 },
    });
    const run = startRun(place, { agent: QUICK });
    const result = await run.result;
    fault.remove();
    expect(result.errorCode).toBe("k8s_concurrency_guard_unreachable");
    expect(await objectsOf(place, run)).toEqual([]);
  });

  it("other agents are not held up", async () => {
    const [one, two] = [startRun(place, { agent: QUICK }), startRun(place, { agent: QUICK })];
    expect(await Promise.all([one.result, two.result])).toMatchObject([{ errorCode: null }, { errorCode: null }]);
  });

  it("34: a Job that is being deleted does not block", async () => {
    const agentId = `agent-${freshId()}`;
    const leaving = await place.admin.create(
      jobs,
      place.namespace,
      jobManifestOf(place, { agentId, runId: "gone", finalizers: ["example.com/hold"], suspend: false }),
    );
    await place.admin.delete(jobs, place.namespace, leaving.metadata.name);
    const run = startRun(place, { agent: QUICK, agentId });
    expect(await run.result).toMatchObject({ errorCode: null, exitCode: 0 });
    await place.admin.patch(jobs, place.namespace, leaving.metadata.name, { metadata: { finalizers: null } });
  });
});

describe("a Job that was created and never let go", () => {
  it("of a run that is over is removed, with its Secret, and never started", async () => {
    const agentId = `agent-${freshId()}`;
    const dead = `run-${freshId()}`;
    place.paperclip.set(dead, "failed");
    await place.admin.create(jobs, place.namespace, jobManifestOf(place, { agentId, runId: dead }));
    const run = startRun(place, { agent: QUICK, agentId });
    expect(await run.result).toMatchObject({ errorCode: null, exitCode: 0 });
    expect(run.statuses.join("\n")).toMatch(/Removing Job .* its run is over, and nothing of it ever ran/);
    expect(await leftovers(place, { agentId })).toEqual([]);
  });

  it("of a living run blocks: its process may be about to let it go", async () => {
    const agentId = `agent-${freshId()}`;
    const other = `run-${freshId()}`;
    place.paperclip.set(other, "running");
    const held = await place.admin.create(jobs, place.namespace, jobManifestOf(place, { agentId, runId: other }));
    const run = startRun(place, { agent: QUICK, agentId });
    expect((await run.result).errorCode).toBe("k8s_concurrent_run_blocked");
    await place.admin.delete(jobs, place.namespace, held.metadata.name);
    expect(await leftovers(place, { agentId })).toEqual([]);
  });
});
