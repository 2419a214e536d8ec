/** `claude-k8s stop`: the run that is meant, gracefully, and no other. */
import { describe, expect, it } from "vitest";
import { jobs } from "../../src/kubernetes/resource-types.ts";
import { ANNOTATIONS, LABELS } from "../../src/run/shared/names.ts";
import { type Cli, useCli } from "./support/cli.ts";
import { freshId } from "./support/context.ts";
import { launchHeld } from "./support/held-job.ts";
import { leftovers } from "./support/leftovers.ts";
import type { Place } from "./support/place.ts";
import { INIT, startRun, type TestRun } from "./support/run.ts";
import { usePlace } from "./support/use-place.ts";

let place: Place;
let cli: Cli;
usePlace((opened) => {
  place = opened;
});
useCli((opened) => {
  cli = opened;
});

const SAVES = `trap 'echo saved; exit 143' TERM; cat >/dev/null; ${INIT}; echo ready; while :; do sleep 0.1; done`;
const here = () => ({ KUBECONFIG: place.kubeconfig });
const jobOf = async (run: { readonly runId: string }) =>
  (await place.admin.list(jobs, place.namespace, { labelSelector: `${LABELS.runId}=${run.runId}` })).items[0];

describe("a run that lives", () => {
  it("is stopped by the write that the adapter makes, where Paperclip cannot be asked; another one goes on", async () => {
    const [run, other] = [
      startRun(place, { agent: SAVES }),
      startRun(place, { agent: SAVES, wake: { taskId: "task-2" } }),
    ];
    await Promise.all([run.said("ready"), other.said("ready")]);
    const stopped = await cli.run(["stop", run.runId], { env: here() });
    expect(stopped).toMatchObject({ exitCode: 0 });
    expect(stopped.stdout).toMatch(/^✗ +.*cancelled.*Stopped with claude-k8s stop/i);
    expect(stopped.stdout).toMatch(/^code +cancelled$/m);
    const result = await run.result;
    expect(result).toMatchObject({ errorCode: "cancelled", resultJson: { stopped: true } });
    expect(run.stdout()).toContain("saved");
    expect(await leftovers(place, run)).toEqual([]);
    expect((await jobOf(other))?.spec?.suspend).toBe(false);
    other.cancel();
    await other.result;
  });

  it("is stopped through its record, where Paperclip takes the key: its own process acknowledges it", async () => {
    const run = startRun(place, { agent: SAVES });
    await run.said("ready");
    place.paperclip.allowStop("board-key", (runId) => {
      expect(runId).toBe(run.runId);
      run.cancel("Cancelled by a board operator");
      return run.result;
    });
    const env = { ...here(), PAPERCLIP_API_URL: place.paperclip.url, PAPERCLIP_API_KEY: "board-key" };
    const stopped = await cli.run(["stop", run.runId], { env });
    expect(stopped).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/Paperclip's own process has stopped it/),
    });
    expect(await run.result).toMatchObject({ errorCode: "cancelled" });
    expect((await run.result).resultJson?.executionCancellation).toMatchObject({ state: "acknowledged" });
    expect(await leftovers(place, run)).toEqual([]);
  });
});

describe("RUN", () => {
  it("that may be several is none: they are listed, and nothing is stopped", async () => {
    const runs: TestRun[] = ["one", "two"].map(() => startRun(place, { agent: SAVES, wake: { taskId: "shared" } }));
    await Promise.all(runs.map((run) => run.said("ready")));
    const answer = await cli.run(["stop", "shared"], { env: here() });
    expect(answer).toMatchObject({ exitCode: 2, stdout: "" });
    for (const run of runs) expect(answer.stderr).toContain(`run ${run.runId} of task shared`);
    for (const run of runs) expect((await jobOf(run))?.spec?.suspend).toBe(false);
    for (const run of runs) run.cancel();
    await Promise.all(runs.map(({ result }) => result));
  });

  it("whose Job is not this Paperclip's is left alone, with the reason", async () => {
    const runId = `run-${freshId()}`;
    const job = await launchHeld(place, { agentId: `agent-${freshId()}`, runId }, (made) => ({
      ...made,
      metadata: {
        ...made.metadata,
        annotations: { ...made.metadata?.annotations, [ANNOTATIONS.tokenHash]: "0".repeat(64) },
      },
    }));
    const answer = await cli.run(["stop", job.metadata.name], { env: here() });
    expect(answer).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/is not its own: its Secret does not hold the token/),
    });
    expect((await jobOf({ runId }))?.spec?.suspend).toBe(false);
    await place.admin.delete(jobs, place.namespace, job.metadata.name);
  });
});
