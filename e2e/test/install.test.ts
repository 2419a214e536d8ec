/** An operator installs the adapter: from a folder, from a registry; and what the server then knows of it. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { blocksFor } from "../../test/docs/support/commands.ts";
import { packageFolder } from "../host/install.ts";
import { type Registry, startRegistry } from "../host/registry.ts";
import { Stage } from "../stage/stage.ts";
import { follow, openReader } from "./support/reader.ts";

const TYPE = "claude_k8s";
let folder: string;
let registry: Registry;
let stage: Stage;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "e2e-pack-"));
  const { stdout } = await promisify(execFile)(
    "npm",
    ["pack", "--ignore-scripts", "--json", "--pack-destination", folder],
    { cwd: packageFolder },
  );
  const packed = JSON.parse(stdout) as Record<string, { filename: string }> | { filename: string }[];
  const filename = Object.values(packed)[0]?.filename ?? "";
  registry = await startRegistry(join(folder, filename), packageFolder);
  stage = await Stage.open({ adapter: null, env: { npm_config_registry: registry.url } });
});

afterAll(async () => {
  await stage?.[Symbol.asyncDispose]();
  await registry?.stop();
  await rm(folder, { recursive: true, force: true });
});

describe("an operator installs the adapter", () => {
  it("from a packed tarball in a registry", async () => {
    const installed = await stage.api.installAdapter("paperclip-adapter-claude-k8s", false);
    expect(installed).toMatchObject({
      type: TYPE,
      packageName: "paperclip-adapter-claude-k8s",
      requiresRestart: false,
    });
    expect(registry.downloads).toBe(1);
    const removed = await stage.api.ask("DELETE", `/adapters/${TYPE}`);
    expect(removed.status).toBe(200);
    expect((await stage.api.adapters()).map(({ type }) => type)).not.toContain(TYPE);
  });

  it("from a folder, and the server lists it with what it can do", async () => {
    await stage.api.installAdapter(packageFolder, true);
    const found = (await stage.api.adapters()).find(({ type }) => type === TYPE);
    expect(found).toMatchObject({
      source: "external",
      loaded: true,
      disabled: false,
      isLocalPath: true,
      modelsCount: 11,
      capabilities: { supportsInstructionsBundle: true, supportsLocalAgentJwt: true },
    });
  });
});

describe("the installed adapter", () => {
  it("gives the page its form, each field with a label and a hint, none that the host has itself", async () => {
    const { fields } = await stage.api.configSchema(TYPE);
    expect(fields.length).toBeGreaterThan(10);
    for (const { key, label, hint } of fields) {
      expect(label, key).toMatch(/\S/);
      expect(hint, key).toMatch(/[.]$/);
    }
    // The page hides its own grace where a form has one.
    const hosts = ["model", "effort", "thinkingEffort", "env", "timeoutSec", "command", "mode"];
    expect(fields.map(({ key }) => key).filter((key) => hosts.includes(key))).toEqual([]);
  });

  it("offers the models of Paperclip's own Claude adapter", async () => {
    const own = await stage.api.models(stage.company.id, "claude_local");
    const ours = await stage.api.models(stage.company.id, TYPE);
    expect(ours.map(({ id }) => id)).toEqual(expect.arrayContaining(own.map(({ id }) => id)));
  });

  it("tests its environment: passes on a cluster that has everything, names the field and the fix otherwise", async () => {
    const good = await stage.api.testEnvironment(stage.company.id, TYPE, stage.agentConfig());
    expect(good.checks.filter(({ level }) => level === "error")).toEqual([]);
    expect(good.checks.map(({ code }) => code)).toContain("k8s_api_reachable");
    const bad = await stage.api.testEnvironment(stage.company.id, TYPE, { kubeconfig: "/nowhere", image: "x" });
    expect(bad.status).toBe("fail");
    const errors = bad.checks.filter(({ level }) => level === "error");
    expect(errors).toMatchObject([{ code: "k8s_policy_refused", hint: expect.stringMatching(/\S/) }]);
    expect(errors[0]?.message).toContain('kubeconfig is "/nowhere", beyond the operator\'s policy');
  });

  it("serves a UI parser that the page's worker can evaluate", async () => {
    const source = await stage.api.uiParser(TYPE);
    const module: { exports: Record<string, unknown> } = { exports: {} };
    new Function("exports", "module", "self", "globalThis", source)(module.exports, module, {}, {});
    const parse = module.exports.parseStdoutLine as (line: string, ts: string) => unknown[];
    expect(parse("[paperclip] hello", "t")).toEqual([{ kind: "system", ts: "t", text: "hello" }]);
  });

  it("is reloaded while the server runs", async () => {
    expect(await stage.api.reloadAdapter(TYPE)).toMatchObject({ type: TYPE });
    expect(await stage.api.models(stage.company.id, TYPE)).toHaveLength(11);
  });
});

/** The adapter comes from the registry as for everybody; Paperclip loads another copy of it only in another life. */
describe("a reader of the documentation", () => {
  it.each(["docs/tutorials/kind.md", "docs/tutorials/outside-the-cluster.md"])(
    "follows %s to a task that is done, sees it, and cleans up",
    async (page) => {
      await using terminal = await openReader(stage, registry);
      const said = (await follow(stage, terminal, page)).join("\n");
      expect(said).toContain("A run of this agent would work");
      expect(said).toContain("Hello from my pod: the work is done.");
      expect(said).toMatch(/completed its task after \d+ turns/);
      expect(said).toMatch(/claude-agents.* deleted|removed \d+ package/);
    },
    240_000,
  );

  it("asks for the policy under which the agents go on, as docs/policy.md has it", async () => {
    await using terminal = await openReader(stage, registry);
    const [install, suggest] = [
      blocksFor("e2e/test/install.test.ts", "docs/tutorials/kind.md")[0],
      blocksFor("e2e/test/install.test.ts", "docs/policy.md")[0],
    ];
    if (!(install && suggest)) throw new Error("both have one");
    await terminal.run(install);
    const said = await terminal.run(suggest);
    expect(said).toMatch(/configmap\/claude-k8s-policy (created|configured)/);
  }, 120_000);
});
