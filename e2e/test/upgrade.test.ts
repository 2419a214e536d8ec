/** An installation from before the policy, whose agents name cluster, namespace, claim and labels themselves: it goes on. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packageFolder } from "../host/install.ts";
import type { Agent, Issue, Json, Run } from "../host/records.ts";
import { until } from "../host/until.ts";
import { finish } from "../stage/scenes.ts";
import { Stage } from "../stage/stage.ts";
import { jobNames, runsOf } from "../stage/work.ts";

const TOLERATIONS = [{ key: "dedicated", operator: "Equal", value: "agents", effect: "NoSchedule" }];

/** What each of them has set beside the cluster; as text where the page's form writes text. */
const AGENTS: Readonly<Record<string, Json>> = {
  Abe: {},
  Bo: { labels: "team=payments" },
  Cy: { labels: { team: "search" }, graceSec: 20 },
  Di: { tolerations: JSON.stringify(TOLERATIONS) },
  Ed: { tolerations: TOLERATIONS, labels: "app=agent", nodeSelector: "kubernetes.io/os=linux" },
};

interface Employed {
  readonly agent: Agent;
  readonly issue: Issue;
  readonly before: Run;
}

let stage: Stage;
let employed: readonly Employed[];
beforeAll(async () => {
  stage = await Stage.open({ scenes: { finish } });
  // As versions without a policy were.
  await stage.operator.layDown({ trust: "full" });
  const { kubeconfig, namespace } = stage.cluster;
  employed = await Promise.all(
    Object.entries(AGENTS).map(async ([name, more]) => {
      const agent = await stage.agent(name, { kubeconfig, namespace, ...more });
      const { issue, run } = await stage.task(agent, `${name} says hello [scene:finish]`);
      return { agent, issue, before: await stage.ended(run.id) };
    }),
  );
});
afterAll(() => stage?.[Symbol.asyncDispose]());

/** The next run of the same task, for a comment. */
async function onceMore({ agent, issue, before }: Employed): Promise<Run> {
  const known = new Set((await runsOf(stage, agent, issue.id)).map(({ id }) => id).concat(before.id));
  await stage.api.ask("POST", `/issues/${issue.id}/comments`, {
    body: "Once more, please.",
    reopen: true,
    resume: true,
  });
  return stage.ended((await stage.nextRun(agent, known)).id);
}

const suggest = (): Promise<{ stdout: string; stderr: string }> =>
  promisify(execFile)(
    process.execPath,
    [join(packageFolder, "dist/bin.js"), "policy", "suggest", "--api-url", stage.server.url],
    { env: { PATH: process.env.PATH ?? "" } },
  );

describe("agents from before the policy", () => {
  it("worked", () => {
    expect(employed.map(({ before }) => before.error ?? before.status)).toEqual(employed.map(() => "succeeded"));
  });

  it("are refused by name where no policy allows what they set, and keep their sessions", async () => {
    await stage.server.stop();
    await stage.reboot({ PAPERCLIP_K8S_POLICY: "" });
    for (const one of employed.slice(3)) {
      const run = await onceMore(one);
      expect(run).toMatchObject({ status: "failed", errorCode: "k8s_policy_refused" });
      for (const key of ["kubeconfig", "homeClaim", "tolerations"])
        expect.soft(String(run.resultJson?.sentence), key).toContain(`${key} is `);
    }
    expect(jobNames(stage)).toEqual([]);
  }, 180_000);

  it("go on under the policy that `claude-k8s policy suggest` writes, each in its session", async () => {
    const { stdout } = await suggest();
    expect(stdout).toContain(stage.cluster.kubeconfig);
    await stage.operator.layDown(stdout);
    await stage.server.stop();
    await stage.reboot();
    const runs = await Promise.all(employed.map(onceMore));
    for (const [index, { before, agent }] of employed.entries())
      expect.soft(runs[index], `${agent.name}: ${runs[index]?.error}`).toMatchObject({
        status: "succeeded",
        sessionIdAfter: before.sessionIdAfter,
      });
    await until("no Job is left", async () => jobNames(stage).length === 0);
  }, 240_000);
});
