/** `claude-k8s` beside runs that wait: in a queue (Kueue), and for a turn under the operator's policy. */
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { DescribedRun } from "../../src/operate/run/describe-run.ts";
import { variant } from "../support/variant.ts";
import { type Cli, useCli } from "./support/cli.ts";
import { leftovers } from "./support/leftovers.ts";
import { bounded, WORKS } from "./support/line.ts";
import { type Queues, SMALL, useQueues } from "./support/queues.ts";
import { giveOptionalRights } from "./support/rights.ts";
import { freshId, INIT, startRun, type TestRun } from "./support/run.ts";

let queues: Queues;
let cli: Cli;
useQueues((made) => {
  queues = made;
});
useCli((opened) => {
  cli = opened;
});

const env = () => ({ KUBECONFIG: queues.place.kubeconfig });
const SAVES = `trap 'echo saved; exit 143' TERM; cat >/dev/null; ${INIT}; echo ready; while :; do sleep 0.1; done`;
const start = (agent = WORKS): TestRun => startRun(queues.place, { agent, config: { ...SMALL, queue: "team" } });

async function rowOf({ runId }: TestRun): Promise<DescribedRun | undefined> {
  return (await cli.json<DescribedRun[]>(["ps"], { env: env() })).find(({ run }) => run === runId);
}

async function end(run: TestRun): Promise<void> {
  run.cancel();
  expect(await run.result).toMatchObject({ errorCode: "cancelled" });
}

describe("a run in a queue", () => {
  it("waits in the queue's words, and with the optional rights at its place", async () => {
    await queues.open(1);
    const first = start();
    await first.said("ready");
    const second = start();
    await second.event("k8s.run.queued", /insufficient unused quota/);
    const WORDS = /^Waiting in queue team: couldn't assign flavors .*insufficient unused quota for cpu/;
    expect(await rowOf(second)).toMatchObject({ phase: "queued", why: expect.stringMatching(WORDS) });
    const logs = await cli.run(["logs", second.runId], { env: env() });
    expect(logs.stderr).toMatch(/said nothing yet: Waiting in queue team: couldn't assign/);

    await giveOptionalRights(queues.place, "queues");
    const third = start();
    await queues.untilLetGo(third.runId);
    // Of one of the same shape Kueue says nothing, and its visibility API comes a moment later.
    await expect
      .poll(() => rowOf(third), { timeout: 20_000 })
      .toMatchObject({
        phase: "queued",
        why: "Waiting in queue team, behind 1 other",
      });
    const why = await cli.run(["why", second.runId], { env: env() });
    expect(why).toMatchObject({ exitCode: 0 });
    expect(why.stdout).toMatch(/^queued +Waiting in queue team, as the first: couldn't assign/);

    await queues.stopPolicy("Hold");
    const held = async () => (await cli.run(["why", second.runId], { env: env() })).stdout;
    await expect.poll(held, { timeout: 20_000 }).toMatch(/is inactive[\s\S]*^fix +Ask the cluster's operator/m);
    await Promise.all([first, second, third].map(end));
  }, 120_000);

  it("is stopped where it waits, and where it works: its Job is deleted, and nothing of it starts again", async () => {
    await queues.open(1);
    const working = start(SAVES);
    await working.said("ready");
    const waiting = start();
    await waiting.event("k8s.run.queued");

    const never = await cli.run(["stop", waiting.runId], { env: env() });
    expect(never).toMatchObject({ exitCode: 0 });
    expect(never.stdout).toMatch(
      /^✗ +The run was cancelled: Stopped with claude-k8s stop; it was stopped before its agent started/,
    );
    expect(await waiting.result).toMatchObject({ errorCode: "cancelled", resultJson: { stopped: true } });

    const stopped = await cli.run(["stop", working.runId], { env: env() });
    expect(stopped).toMatchObject({ exitCode: 0 });
    expect(stopped.stdout).toMatch(/^✗ +.*cancelled.*Stopped with claude-k8s stop/i);
    expect(stopped.stdout).toMatch(/^next +its Job is deleted, since its queue would start it again/m);
    expect(await working.result).toMatchObject({ errorCode: "cancelled", resultJson: { stopped: true } });
    expect(working.stdout()).toContain("saved");
    for (const run of [working, waiting]) expect(await leftovers(queues.place, run)).toEqual([]);
  }, 60_000);
});

variant(
  "a run that waits for its turn stands in its line, with the policy and without",
  async () => {
    const dependencies = bounded({ perAgent: 1 });
    const agentId = `agent-${freshId()}`;
    const onTask = (task: string) =>
      startRun(queues.place, { agent: WORKS, agentId, wake: { taskId: task }, dependencies });
    const first = onTask("one");
    await first.said("ready");
    const second = onTask("two");
    await second.event("k8s.run.waiting");
    // The cluster's clock has no finer stamp than a second, and within one the order is by chance.
    await queues.place.admin.clock.sleep(1_100);
    const third = onTask("three");
    await third.event("k8s.run.waiting");
    const whys = async (more: NodeJS.ProcessEnv = {}) => {
      const rows = await cli.json<DescribedRun[]>(["ps"], { env: { ...env(), ...more } });
      return [second, third].map(({ runId }) => rows.find(({ run }) => run === runId)?.why);
    };
    const WITHOUT = "Waiting for a turn (limits.jobs of the operator's policy)";
    expect(await whys()).toEqual([
      `${WITHOUT}, as the first in this namespace`,
      `${WITHOUT}, behind 1 other in this namespace`,
    ]);
    const policy = join(cli.home, "..", `policy-${freshId()}.yaml`);
    await writeFile(policy, "limits: {jobs: {perAgent: 1}}\n");
    await chmod(policy, 0o444);
    const [before, behind] = await whys({ PAPERCLIP_K8S_POLICY: policy });
    expect(before).toMatch(/1 Job of this agent runs, and the operator's policy allows 1 at once\. /);
    expect(behind).toMatch(/allows 1 at once, and 1 run waits before this one\. /);
    await Promise.all([first, second, third].map(end));
  },
  60_000,
);
