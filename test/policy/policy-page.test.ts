import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { policyExamples, policyPage, policyPagePath, readExample } from "../../scripts/policy-page.ts";
import { parsePolicy } from "../../src/policy/parse-policy.ts";
import { govern, namespaceOf } from "../../src/policy/policy.ts";

const who = { companyId: "acme", agentId: "ada" };
const example = (name: keyof typeof policyExamples) =>
  parsePolicy(readExample(name), { path: name, named: name, ownKubeconfigs: [] }).policy;

describe("docs/policy.md", () => {
  it("says what the schema says", async () => {
    expect(await readFile(policyPagePath, "utf8")).toBe(policyPage());
  });

  it("has a sentence for every rule", () => {
    expect(policyPage()).not.toMatch(/^\| `[^`]+` \| +\|$/m);
  });

  it.each(Object.keys(policyExamples))("has an example %s that names its schema", (name) => {
    expect(readExample(name)).toMatch(/^# yaml-language-server: \$schema=https:\S+policy\.schema\.json\n/);
  });
});

describe("the examples do what they say:", () => {
  it("a company's", () => {
    const policy = example("company.yaml");
    const agent = govern({ homeClaim: "claude-ada" }, policy, who);
    expect(agent.config).toMatchObject({ timeoutSec: 14_400, serviceAccountName: "claude-agent" });
    expect(namespaceOf(agent, "paperclip")).toBe("claude-agents");
    for (const config of [
      { homeClaim: "claude-bob" },
      { image: "evil.example.com/agents/x" },
      { timeoutSec: 100_000 },
      { "resources.limits.memory": "17Gi" },
      { retainJobs: true },
    ])
      expect(() => govern(config, policy, who)).toThrow(/beyond the operator's policy/);
  });

  it("named clusters'", () => {
    const policy = example("clusters.yaml");
    const agent = govern({ cluster: "gpu" }, policy, who);
    expect(agent).toMatchObject({ cluster: { context: "gpu-east" }, namespace: "agents-acme" });
    expect(() => namespaceOf(govern({ cluster: "gpu", namespace: "agents-zeta" }, policy, who), "default")).toThrow();
  });

  it("full trust's", () => {
    const policy = example("full.yaml");
    expect(govern({ kubeconfig: "/x", labels: "app=a" }, policy, who).cluster).toEqual({ kubeconfig: "/x" });
    expect(() => govern({ "resources.limits.memory": "25Gi" }, policy, who)).toThrow();
  });
});
