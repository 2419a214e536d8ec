/** An upgrade as the operator does it: agents of before are refused, one command says which policy they need, and they go on. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse } from "yaml";
import { finish } from "../stage/scenes.ts";
import { rulesFor, Stage } from "../stage/stage.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open({ scenes: { finish } });
});
afterAll(() => stage?.[Symbol.asyncDispose]());

it("is one command and one file: refused before, done after", async () => {
  const agent = await stage.agent("Ada", { labels: "team=core\ncost.example.com/center=7", graceSec: 301 });
  const refused = await stage.ended((await stage.task(agent, "Say hello [scene:finish]")).run.id);
  expect(refused).toMatchObject({ status: "failed", errorCode: "k8s_policy_refused" });
  expect(refused.error).toContain("allow.labels");

  const present = stage.operator.env.PAPERCLIP_K8S_POLICY ?? "";
  const args = ["policy", "suggest", "--api-url", stage.server.url, "--policy", present];
  const { stdout } = await promisify(execFile)(process.execPath, [main, ...args]);
  const rules = rulesFor(stage.cluster) as { readonly clusters: object; readonly allow: object };
  expect(parse(stdout)).toEqual({
    ...rules,
    allow: { ...rules.allow, labels: ["team", "cost.example.com/center"] },
    limits: { graceSec: { max: 301 } },
  });
  expect(stdout).toContain("# For Ada (End to end).");

  await stage.operator.layDown(stdout);
  const done = await stage.ended((await stage.task(agent, "Say hello again [scene:finish]")).run.id);
  expect(done).toMatchObject({ status: "succeeded", errorCode: null });
});
