/** Runs that fail: status, code, family, time of the retry, and a sentence that an operator can act on. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { refusals } from "../../demo/scripted-model/index.ts";
import type { Json, Run } from "../host/records.ts";
import { until } from "../host/until.ts";
import { refused, steps } from "../stage/scenes.ts";
import { Stage } from "../stage/stage.ts";
import { beginTask, jobNames } from "../stage/work.ts";

/** Seconds since 1970, in an hour. */
const RESETS_AT = Math.floor(Date.now() / 1000) + 3600;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open({
    scenes: {
      overloaded: refused(refusals.overloaded()),
      quota: refused(refusals.quota(RESETS_AT)),
      login: refused(refusals.permission()),
      steps,
    },
  });
});
afterAll(() => stage?.[Symbol.asyncDispose]());

interface Failure {
  readonly run: Run;
  /** The run that Paperclip has planned by itself. */
  retry(): Promise<Run>;
  /** Resolves once Paperclip does not hold the task back: for a moment after the run it may. */
  free(): Promise<unknown>;
}

async function fails(name: string, title: string, config: Json = {}): Promise<Failure> {
  const { env, ...rest } = config as { env?: Json };
  const agent = await stage.agent(name, { env: { CLAUDE_CODE_MAX_RETRIES: "1", ...env }, ...rest });
  const { issue, run } = await stage.task(agent, title);
  const ended = await stage.ended(run.id);
  return {
    run: ended,
    retry: () =>
      until(`a retry of ${name}'s run`, async () =>
        (await stage.api.runs(stage.company.id, agent.id)).find(({ retryOfRunId }) => retryOfRunId === run.id),
      ),
    free: () => until("the task is free", async () => !(await stage.api.issue(issue.id)).executionBlocker),
  };
}

describe("a run that fails", () => {
  it("because the model is overloaded: transient, and Paperclip tries again by itself", async () => {
    const { run, retry, free } = await fails("Olga", "Be overloaded [scene:overloaded]");
    expect(run).toMatchObject({ status: "failed", errorCode: "claude_transient_upstream" });
    expect(run.error).toContain("529");
    expect(run.resultJson).toMatchObject({ errorFamily: "transient_upstream", fix: expect.stringMatching(/\S/) });
    expect(await retry()).toMatchObject({ status: "scheduled_retry" });
    await free();
  });

  it("because the quota is used up: the retry waits for its reset", async () => {
    const { run, retry, free } = await fails("Quinn", "Have no quota [scene:quota]", {
      // Only to somebody with a subscription does Claude Code say when it resets.
      env: { ANTHROPIC_API_KEY: null, CLAUDE_CODE_OAUTH_TOKEN: "sk-ant-oat01-scripted" },
    });
    expect(run).toMatchObject({ status: "failed", errorCode: "provider_quota" });
    expect(run.resultJson).toMatchObject({ errorFamily: "provider_quota" });
    expect(Date.parse((await retry()).scheduledRetryAt ?? "")).toBeGreaterThanOrEqual(RESETS_AT * 1000);
    await free();
  });

  it("because nobody is logged in: says what to do, and is not tried in vain", async () => {
    const { run } = await fails("Lou", "Be refused [scene:login]");
    expect(run).toMatchObject({ status: "failed", errorCode: "claude_auth_required" });
    expect(run.error).toMatch(/What to do: \S/);
  });

  it("because there is no such image: in the cluster's words, with the image's name", async () => {
    const { run } = await fails("Ima", "Have no image", { image: "nowhere.invalid/none:1", podStartTimeoutSec: 5 });
    expect(run).toMatchObject({ status: "failed", errorCode: "k8s_pod_schedule_failed" });
    expect(run.error).toContain("nowhere.invalid/none:1");
    expect(run.error).toMatch(/What to do: \S/);
  });

  it("because its container needs more memory than it may have: says so, and where to give it more", async () => {
    const { run, issue, job } = await beginTask(stage, "Max");
    const { devcluster } = stage.cluster;
    const pod = devcluster?.store.list("pods", "agents").find(({ metadata }) => metadata.name.startsWith(job));
    await devcluster?.node.oomKill({ namespace: "agents", name: pod?.metadata.name ?? "" });
    const ended = await stage.ended(run.id);
    // The contract's code of every answer that was cut off; before its first word it would be k8s_out_of_memory.
    expect(ended).toMatchObject({ status: "failed", errorCode: "claude_truncated", exitCode: 137, signal: "SIGKILL" });
    expect(ended.resultJson).toMatchObject({ verdict: "out-of-memory" });
    // No family: that it goes better the next time is for nobody to say.
    expect(ended.resultJson?.errorFamily ?? null).toBeNull();
    expect(ended.error).toMatch(/OOMKilled/);
    expect(ended.error).toMatch(/What to do: .*resources\.limits\.memory/);
    expect(ended.sessionIdAfter).toMatch(/^[0-9a-f-]{36}$/);
    await until("the Job is gone", async () => !jobNames(stage).includes(job));
    await until("the task is free", async () => !(await stage.api.issue(issue.id)).executionBlocker);
  });

  it("because the configuration is wrong: every field is named", async () => {
    const { run } = await fails("Conrad", "Be misconfigured", { image: "", "resources.limits.memory": "much" });
    expect(run).toMatchObject({ status: "failed", errorCode: "k8s_config_invalid" });
    expect(run.error).toContain("resources.limits.memory");
  });
});
