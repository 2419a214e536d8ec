/** Paperclip wants to run every agent in a sandbox of its own: ours cannot be, and says so. */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Stage } from "../stage/stage.ts";
import { jobNames } from "../stage/work.ts";

/** Only Paperclip's release image has its own provider; without any, Paperclip refuses the run before it asks us. */
const provider = fileURLToPath(new URL("../stage/sandbox-provider", import.meta.url));

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open({ env: { PAPERCLIP_EXECUTION_MODE: "kubernetes" } });
  await stage.api.post("/plugins/install", { packageName: provider, isLocalPath: true });
});
afterAll(() => stage?.[Symbol.asyncDispose]());

describe("PAPERCLIP_EXECUTION_MODE=kubernetes", () => {
  it("refuses the run with what is wrong and what to do, and creates nothing", async () => {
    const agent = await stage.agent("Fay");
    const { run } = await stage.task(agent, "Say hello");
    const ended = await stage.ended(run.id);
    expect(ended).toMatchObject({ status: "failed", errorCode: "k8s_config_invalid" });
    expect(ended.error).toContain("is not a local one: Paperclip runs it in a sandbox of its own");
    expect(ended.error).toMatch(/What to do: .*Unset PAPERCLIP_EXECUTION_MODE/);
    // Paperclip did get its sandbox for this run: that is what made the run another one than ours.
    expect(ended.contextSnapshot).toMatchObject({ paperclipEnvironment: { driver: "sandbox" } });
    expect(jobNames(stage)).toEqual([]);
  });
});
