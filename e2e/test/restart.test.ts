/** The server is killed, or stopped, while an agent works: the Job lives on, the work goes on without a person. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { refusals } from "../../demo/scripted-model/index.ts";
import { freePort } from "../host/free-port.ts";
import { packageFolder } from "../host/install.ts";
import type { Issue, Run } from "../host/records.ts";
import { until } from "../host/until.ts";
import { refused, steps } from "../stage/scenes.ts";
import { Stage } from "../stage/stage.ts";
import { beginOnDemand, beginTask, countNewTokens, jobNames, outliveLease, secretsOf } from "../stage/work.ts";
import { endsWell, isDone, takenOver } from "./support/going-on.ts";

/** Claude Code asks once more by itself. */
const overloaded = refused(refusals.overloaded(), 2);

let stage: Stage;
let metrics = "";
beforeAll(async () => {
  metrics = `127.0.0.1:${await freePort()}`;
  stage = await Stage.open({ scenes: { steps, overloaded }, env: { PAPERCLIP_K8S_METRICS: metrics } });
});
afterAll(() => stage?.[Symbol.asyncDispose]());

/** Jobs go once their outcome is on record, and their Secrets with them. */
const nothingIsLeft = (): Promise<unknown> =>
  until("nothing is left", async () => {
    const secrets = secretsOf(stage);
    return jobNames(stage).length === 0 && secrets.length === 0;
  });

describe("the server goes away while an agent works", () => {
  it("SIGTERM, then boot", async () => {
    const work = await beginTask(stage, "Terry");
    await stage.server.stop();
    expect(jobNames(stage)).toEqual([work.job]);
    await stage.reboot();
    expect(await stage.api.run(work.run.id)).toMatchObject({ status: "interrupted" });
    const successor = await takenOver(stage, work);
    await until("the agent's pod has its new token", async () => (await countNewTokens(stage)) === 1);
    await endsWell(stage, work, successor);
    // It has the token of the run that took its Job over, so it closes its task itself: there is no third run.
    await isDone(stage, work.issue);
    await nothingIsLeft();
    // Of the server that runs now, on the port of the one before.
    const counted = await (await fetch(`http://${metrics}/metrics`)).text();
    expect(counted).toContain('claude_k8s_supervisor_actions_total{action="wake"} 1\n');
    expect(counted).toContain('claude_k8s_run_adoptions_total{from="lost_run"} 1\n');
    expect(counted).toContain('claude_k8s_runs_total{verdict="completed"} 1\n');
  }, 240_000);

  it("SIGKILL, then boot when its lease is over: a task, a run without one, a retry that came due meanwhile", async () => {
    const task = await beginTask(stage, "Kim");
    const onDemand = await beginOnDemand(stage, "Dora");
    const works = [task, onDemand];
    // Last, for its retry comes 30 s later: while no server is there.
    const olga = await stage.agent("Olga", { env: { CLAUDE_CODE_MAX_RETRIES: "1" } });
    const refusedTask = await stage.task(olga, "Be overloaded, then not [scene:overloaded]");
    expect(await stage.ended(refusedTask.run.id)).toMatchObject({ errorCode: "claude_transient_upstream" });
    const retry = await stage.nextRun(olga, new Set([refusedTask.run.id]));
    expect(retry).toMatchObject({ status: "scheduled_retry" });
    const living = works.map(({ job }) => job).toSorted();
    // The refused run's Job goes a moment after its outcome is on record.
    await until("the Jobs of the other two are left", async () => `${jobNames(stage).toSorted()}` === `${living}`);
    const records = await Promise.all(works.map(({ run }) => stage.api.run(run.id)));
    await stage.server.kill();
    await outliveLease(records.map(({ controllerLeaseExpiresAt }) => controllerLeaseExpiresAt));
    expect(jobNames(stage).toSorted()).toEqual(living);

    await stage.reboot();
    const ready = Date.now();
    const successors = await Promise.all(works.map((work) => takenOver(stage, work)));
    await until("the agents' pods have their new tokens", async () => (await countNewTokens(stage)) === 2);
    for (const [index, work] of works.entries()) {
      const successor = successors[index];
      if (!successor) throw new Error("one for each");
      await endsWell(stage, work, successor);
      expect(await stage.api.run(work.run.id)).toMatchObject({ status: "failed", errorCode: "process_lost" });
    }
    await isDone(stage, task.issue);
    await isResumedByUs(retry, refusedTask.issue, ready);
    await nothingIsLeft();
  }, 300_000);
});

/** Milliseconds that Node takes to import what Paperclip imports at its start, in a process of its own. */
async function loadTime(): Promise<string> {
  const program =
    "const begun = performance.now(); await import(process.argv[1]); console.log(Math.round(performance.now() - begun))";
  const entry = pathToFileURL(join(packageFolder, "dist/index.js")).href;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program, entry]);
  return stdout.trim();
}

/** Paperclip starts it while it boots; were our module not there by then, its fallback would run it, and fail. */
async function isResumedByUs({ id }: Run, issue: Issue, ready: number): Promise<void> {
  const run = await stage.ended(id);
  const words = `${run.error ?? run.status}; the adapter's entry loads in ${await loadTime()} ms`;
  expect(run, words).toMatchObject({ status: "succeeded", resultJson: { verdict: "completed" } });
  expect(Date.parse(run.startedAt ?? "")).toBeLessThan(ready);
  const types = (await stage.api.events(id)).map(({ eventType }) => eventType);
  expect(types).toContain("k8s.job.created");
  await isDone(stage, issue);
}
