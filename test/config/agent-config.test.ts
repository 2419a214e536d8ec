import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { configurationPage } from "../../scripts/configuration-page.ts";
import { parseAgentConfig } from "../../src/config/agent-config.ts";
import { ConfigError } from "../../src/config/config-error.ts";
import { agentConfigurationDoc } from "../../src/config/documentation.ts";
import { fields } from "../../src/config/fields.ts";
import { configForm } from "../../src/config/form.ts";
import { hostFields } from "../../src/config/host-fields.ts";
import { schema } from "../../src/config/schema.ts";

function problemsOf(config: Record<string, unknown>) {
  try {
    parseAgentConfig(config);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe("an agent's configuration", () => {
  it("has a default for every key", () => {
    const { config, set } = parseAgentConfig({});
    expect(config.image).toBeNull();
    expect(config["resources.requests.cpu"]).toBe("1000m");
    expect(config.graceSec).toBeLessThanOrEqual(45);
    expect(set.size).toBe(0);
  });

  it("takes blank and null for not set", () => {
    const { config, set } = parseAgentConfig({ image: " ", namespace: null, nodeSelector: "" });
    expect(config).toMatchObject({ image: null, namespace: null, nodeSelector: {} });
    expect(set.size).toBe(0);
  });

  it.each([
    ["an object", { disk: "ssd", "example.com/zone": "a" }],
    ["JSON", '{"disk": "ssd", "example.com/zone": "a"}'],
    ["YAML", "disk: ssd\nexample.com/zone: a\n"],
    ["key=value lines", "# fast nodes\ndisk=ssd\nexample.com/zone = a\n"],
  ])("case 9: reads nodeSelector and labels from %s alike", (_, value) => {
    const { config } = parseAgentConfig({ nodeSelector: value, labels: value });
    expect(config.nodeSelector).toEqual({ disk: "ssd", "example.com/zone": "a" });
    expect(config.labels).toEqual(config.nodeSelector);
  });

  it("case 10: reads the page's dotted resource keys, and the nested form", () => {
    expect(parseAgentConfig({ "resources.limits.memory": "3Gi" }).config["resources.limits.memory"]).toBe("3Gi");
    const nested = parseAgentConfig({ resources: { limits: { memory: "3Gi" }, requests: { cpu: 2 } } }).config;
    expect(nested["resources.limits.memory"]).toBe("3Gi");
    expect(nested["resources.requests.cpu"]).toBe("2");
  });

  it("takes numbers and truth values of the environment for the text that they are written as", () => {
    expect(parseAgentConfig({ env: { A: 5, B: true, C: "c" } }).config.env).toEqual({ A: "5", B: "true", C: "c" });
  });

  it("reads tolerations that were typed as text", () => {
    const { config } = parseAgentConfig({ tolerations: '[{"key":"gpu","operator":"Exists","effect":"NoSchedule"}]' });
    expect(config.tolerations).toEqual([{ key: "gpu", operator: "Exists", effect: "NoSchedule" }]);
  });

  it.each([
    ["a wrong type", { retainJobs: "yes" }, "retainJobs", /Keep Job/],
    ["a negative number", { ttlSecondsAfterFinished: -1 }, "ttlSecondsAfterFinished", /Seconds/],
    ["a negative timeout", { timeoutSec: -5 }, "timeoutSec", /Seconds/],
    ["a fraction where none can be", { maxTurnsPerRun: 1.5 }, "maxTurnsPerRun", /turns/],
    ["a quantity that is none", { "resources.limits.cpu": "lots" }, "resources.limits.cpu", /CPU/],
    ["a namespace that can be none", { namespace: "Team_A" }, "namespace", /Namespace/],
    ["labels that are no map", { labels: "just words" }, "labels", /key=value/],
    ["a label value that is too long", { labels: { a: "x".repeat(64) } }, "labels", /key=value/],
    ["a toleration with an unknown field", { tolerations: [{ kye: "x" }] }, "tolerations.0", /Taints/],
    ["broken YAML", { nodeSelector: "{a: " }, "nodeSelector", /key=value/],
    ["a relative working directory", { workingDirectory: "work" }, "workingDirectory", /Absolute path/],
    ["text that is no number", { timeoutSec: "1 hour" }, "timeoutSec", /Seconds/],
    ["a number for a truth value", { chrome: 1 }, "chrome", /Chrome/],
    ["resources that are no map", { resources: "large" }, "resources", /requests/],
    ["amounts that are no map", { resources: { limits: 5 } }, "resources.limits", /requests/],
    ["a number beyond what Kubernetes takes", { ttlSecondsAfterFinished: 1e12 }, "ttlSecondsAfterFinished", /Seconds/],
    ["a timeout beyond a year", { timeoutSec: 1e12 }, "timeoutSec", /Seconds/],
    [
      "a request above its limit",
      { "resources.requests.memory": "2Gi", "resources.limits.memory": "1500M" },
      "resources.requests.memory",
      /raise the limit/,
    ],
    ["a variable that is no text", { env: { A: { secret: "x" } } }, "env.A", /Environment/],
    ["a variable's name that is none", { env: { "A=B": "x" } }, "env.A=B", /Environment/],
    ["an environment that is no map", { env: "A=1" }, "env", /Environment/],
  ])("names field and fix for %s", (_, config, field, fix) => {
    const [problem, ...others] = problemsOf(config);
    expect(others).toEqual([]);
    expect(problem?.field).toBe(field);
    expect(problem?.fix).toMatch(fix);
  });

  it("names every wrong field at once, and fails for none that it does not know", () => {
    expect(problemsOf({ retainJobs: 1, timeoutSec: "x", nope: true }).map(({ field }) => field)).toEqual([
      "retainJobs",
      "timeoutSec",
    ]);
  });

  it("takes numbers and truth values for what they say when they are written as text", () => {
    const { config } = parseAgentConfig({
      timeoutSec: "0",
      graceSec: " 12.5 ",
      maxTurnsPerRun: "7",
      retainJobs: "true",
      dangerouslySkipPermissions: "False",
    });
    expect(config).toMatchObject({
      timeoutSec: 0,
      graceSec: 12.5,
      maxTurnsPerRun: 7,
      retainJobs: true,
      dangerouslySkipPermissions: false,
    });
  });

  it("has one value for two keys that mean the same", () => {
    expect(parseAgentConfig({ cwd: "/a" }).config).toMatchObject({ cwd: "/a", workingDirectory: "/a" });
    expect(parseAgentConfig({ cwd: "/a", workingDirectory: "/b" }).config.cwd).toBe("/b");
    expect(parseAgentConfig({ thinkingEffort: "low" }).config.effort).toBe("low");
    expect(parseAgentConfig({ extraArgs: [], args: "--a b" }).config.extraArgs).toEqual(["--a", "b"]);
    expect(parseAgentConfig({}).config).toMatchObject({ cwd: null, effort: null, extraArgs: [] });
  });

  it("takes a variable without a value for not set", () => {
    expect(parseAgentConfig({ env: { A: null, B: "b" } }).config.env).toEqual({ B: "b" });
  });

  it("refuses by a field's name or parses, whatever comes", () => {
    const keys = [...Object.keys(schema), "resources", "access.KEY", "networkScope", "constructor", "__proto__"];
    const config = fc.dictionary(fc.oneof(fc.constantFrom(...keys), fc.string()), fc.jsonValue(), { maxKeys: 12 });
    fc.assert(
      fc.property(config, (given) => {
        try {
          const { config: parsed, notices } = parseAgentConfig(given);
          expect(Object.keys(parsed).toSorted()).toEqual(Object.keys(schema).toSorted());
          for (const { field, kind } of notices) if (kind === "unknown") expect(isGivenIn(given, field)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
          for (const { field } of (error as ConfigError).problems) expect(isGivenIn(given, field), field).toBe(true);
        }
      }),
    );
  });
});

/** `resources.limits.cpu` and `env.A` are named by their whole path, `resources.requests.cpu` also against a given limit. */
const isGivenIn = (given: object, field: string): boolean =>
  Object.keys(given).some((key) => field === key || field.startsWith(`${key}.`) || key.startsWith("resources"));

describe("a key that is no setting", () => {
  const noticesOf = (config: Record<string, unknown>) => parseAgentConfig(config).notices;

  it.each([
    ["imagee", "Did you mean image?"],
    ["graceSecs", "Did you mean graceSec?"],
    ["frobnicate", "Remove it from the agent's configuration."],
    ["constructor", "Remove it from the agent's configuration."],
  ])("warns of %s and guesses what was meant", (key, fix) => {
    expect(noticesOf({ [key]: 1 })).toEqual([
      expect.objectContaining({ field: key, kind: "unknown", level: "warn", fix }),
    ]);
    expect(parseAgentConfig({ [key]: 1 }).notes.join()).toContain(`${key} is not a setting of claude_k8s`);
  });

  it("is not mentioned where Paperclip keeps it for itself", () => {
    const notices = noticesOf({
      "access.STRIPE_KEY": { type: "secret_ref", secretId: "s", version: "latest" },
      paperclipSkillSync: { desiredSkills: [] },
      paperclipRuntimeSkills: [],
      instructionsBundleMode: "managed",
      instructionsRootPath: "/p",
      instructionsEntryFile: "AGENTS.md",
      workspaceStrategy: { type: "git_worktree" },
      managedAiConnection: { identity: "i" },
      engine: "cli",
      dangerouslyBypassApprovalsAndSandbox: false,
      networkAllowlist: [],
      variant: "",
      modelReasoningEffort: null,
    });
    expect(notices).toEqual([]);
  });

  it("says what does the same on Kubernetes where claude_local would have confined the agent", () => {
    const notices = noticesOf({ networkScope: "allowlist", networkAllowlist: ["a"], filesystemScope: "workspace" });
    expect(notices).toMatchObject([
      { field: "networkScope, networkAllowlist", level: "warn", fix: expect.stringContaining("NetworkPolicy") },
      { field: "filesystemScope", level: "warn", fix: expect.stringContaining("homeClaim") },
    ]);
  });

  it("is named once with the others of its kind, and is no warning where nothing is lost", () => {
    const { notes, notices } = parseAgentConfig({ engine: "acp", acpMode: "persistent", warmHandleIdleMs: 0 });
    expect(notes).toEqual([
      "engine, warmHandleIdleMs, acpMode have no effect here: they belong to the ACP engine, and a Job runs Claude Code's command line. No action is needed.",
    ]);
    expect(notices).toMatchObject([{ level: "info", kind: "no-effect" }]);
  });

  it("is named with the reason where the adapter before this one had it", () => {
    expect(parseAgentConfig({ enableRtk: true, secretRef: "s" }).notes).toEqual([
      "enableRtk has no effect any more: tool output is not filtered. No action is needed.",
      "secretRef has no effect any more: no such Secret is needed. No action is needed.",
    ]);
  });
});

describe("the form", () => {
  const { fields: form } = configForm();
  const keys = form.map(({ key }) => key);

  it("case 2: is a flat list with hints and no field that Paperclip's page shows too", () => {
    // Of timeoutSec and graceSec the page hides its own where the schema has them (2026.916.1).
    const shownByThePage = Object.keys(hostFields).filter((key) => key !== "timeoutSec");
    expect(keys.filter((key) => shownByThePage.includes(key))).toEqual([]);
    expect(new Set(keys).size).toBe(keys.length);
    for (const { key, hint } of form) expect(hint, key).toMatch(/Default/);
  });

  it("case 17: has no toggle for permission prompts, but says what becomes of them", () => {
    const prompts = form.find(({ key }) => key === "dangerouslySkipPermissions");
    expect(prompts).toMatchObject({ type: "select", default: "true" });
    expect(prompts?.options?.map(({ value }) => value)).toEqual(["true", "false"]);
  });

  it("has what the page gives claude_local alone", () => {
    for (const key of ["chrome", "dangerouslySkipPermissions", "maxTurnsPerRun", "workingDirectory", "graceSec"])
      expect(keys).toContain(key);
  });

  it("shows a grace that ends before Paperclip's wait for a Stop, 60 s", () => {
    expect(form.find(({ key }) => key === "graceSec")?.default).toBe(30);
  });

  it("shows defaults that the parser takes, and means them", () => {
    const shown = Object.fromEntries(form.map(({ key, default: value }) => [key, value]));
    expect(parseAgentConfig(shown).config).toEqual(parseAgentConfig({}).config);
  });
});

it("each entry of the schema stands in the documentation, and each of ours in the form", () => {
  const page = configurationPage();
  for (const [key, { hint }] of Object.entries(schema)) {
    expect(page).toContain(`| \`${key}\` | ${hint}`);
    expect(agentConfigurationDoc).toContain(`- ${key}: ${hint}`);
  }
  expect(configForm().fields.map(({ key }) => key)).toEqual(Object.keys(fields));
});

describe("a configuration that is there to take the server's time", () => {
  it("has texts of a bounded length", () => {
    const labels = Array.from({ length: 100_000 }, (_, at) => `key${at}: x`).join("\n");
    for (const field of ["labels", "nodeSelector", "tolerations"])
      expect(() => parseAgentConfig({ [field]: labels })).toThrow(/cannot be read: it is longer than 16384 characters/);
  });

  it("has its unknown keys named up to twenty, and a long one not guessed at", () => {
    const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`${"k".repeat(90)}${at}`, 1]));
    const { notices } = parseAgentConfig({ ["x".repeat(1e6)]: 1, ...many });
    expect(notices).toHaveLength(21);
    expect(notices[0]?.field).toBe(`${"x".repeat(80)}…`);
    expect(notices[20]).toMatchObject({ field: "9981 more keys", message: expect.stringMatching(/^are not settings/) });
  });
});
