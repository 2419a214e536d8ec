import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseAgentConfig } from "../../src/config/agent-config.ts";
import { ConfigError } from "../../src/config/config-error.ts";
import { fields } from "../../src/config/fields.ts";
import { configForm } from "../../src/config/form.ts";

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
    expect(config.graceSec).toBe(60);
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
    ["an unknown key", { imagee: "x" }, "imagee", /Did you mean image\?/],
    ["an unknown key like no other", { frobnicate: 1 }, "frobnicate", /Remove it/],
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
    ["a relative working directory", { cwd: "work" }, "cwd", /Working directory/],
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
    ["a key of every object", { constructor: 1 }, "constructor", /Remove it/],
    ["an environment that is no map", { env: "A=1" }, "env", /Environment/],
  ])("names field and fix for %s", (_, config, field, fix) => {
    const [problem, ...others] = problemsOf(config);
    expect(others).toEqual([]);
    expect(problem?.field).toBe(field);
    expect(problem?.fix).toMatch(fix);
  });

  it("names every wrong field at once", () => {
    expect(problemsOf({ retainJobs: 1, timeoutSec: "x", nope: true }).map(({ field }) => field)).toEqual([
      "retainJobs",
      "timeoutSec",
      "nope",
    ]);
  });

  it("accepts what the host adds and what the adapter before this one had", () => {
    const { notes } = parseAgentConfig({
      paperclipSkillSync: { desiredSkills: [] },
      instructionsBundleMode: "managed",
      enableRtk: true,
      rtkMaxOutputBytes: 50_000,
    });
    expect(notes).toEqual([
      "enableRtk has no effect any more: tool output is not filtered",
      "rtkMaxOutputBytes has no effect any more: tool output is not filtered",
    ]);
  });

  it("refuses with a ConfigError or parses, whatever comes", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...Object.keys(fields), "env", "x"), fc.jsonValue()), (config) => {
        try {
          parseAgentConfig(config);
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
        }
      }),
    );
  });
});

describe("the form", () => {
  it("case 2: is a flat list with hints and no key that Paperclip shows itself", () => {
    const { fields: form } = configForm();
    const platform = ["model", "effort", "instructionsFilePath", "timeoutSec", "graceSec", "env", "cwd", "extraArgs"];
    for (const field of form) {
      expect(field.hint, field.key).toMatch(/Default/);
      expect(platform).not.toContain(field.key);
    }
  });

  it("case 17: has no toggle for permission prompts", () => {
    expect(configForm().fields.map(({ key }) => key)).not.toContain("dangerouslySkipPermissions");
  });

  it("shows defaults that the parser takes", () => {
    const shown = Object.fromEntries(configForm().fields.map(({ key, default: value }) => [key, value]));
    expect(() => parseAgentConfig(shown)).not.toThrow();
  });
});
