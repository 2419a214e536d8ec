import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDocument, stringify } from "yaml";
import { ConfigError } from "../../src/config/config-error.ts";
import { parsePolicy } from "../../src/policy/parse-policy.ts";
import { govern } from "../../src/policy/policy.ts";
import type { PolicyFile } from "../../src/policy/schema.ts";
import { withGrant } from "../../src/policy/suggest/grants.ts";
import { printSuggestion } from "../../src/policy/suggest/print-suggestion.ts";
import { type Candidate, refusalsIn, type SuggestInput, suggest } from "../../src/policy/suggest/suggest.ts";
import { cases } from "../support/thoroughness.ts";
import { anyAgentConfig, anyPolicyFile } from "./support/any-policy.ts";

const ADA = "3f0c1c1e-7a55-4c57-9d0a-6a1b2f7b0001";
const BOB = "3f0c1c1e-7a55-4c57-9d0a-6a1b2f7b0002";
const seen = () => ({ kind: "seen", programs: [] }) as const;

const agent = (agentId: string, config: Record<string, unknown>, more: Partial<Candidate> = {}): Candidate => ({
  companyId: "company-1",
  agentId,
  label: `${agentId} (Acme)`,
  task: null,
  config,
  ...more,
});

const inputOf = (candidates: readonly Candidate[], file: PolicyFile = {}): SuggestInput => ({
  candidates,
  file,
  ownKubeconfigs: ["/etc/kube/own"],
  ownNamespace: "paperclip",
  home: "/paperclip",
  clusterNames: (kubeconfig, context) => [context ?? "", kubeconfig?.split("/").at(-1) ?? ""],
});

function printed(input: SuggestInput, present: string | null = null, suggestion = suggest(input)): string {
  const document = present === null ? null : parseDocument(present);
  return printSuggestion(suggestion, { document, head: ["A head."], seen });
}

const read = (text: string) =>
  parsePolicy(text, { path: null, named: "The policy", ownKubeconfigs: ["/etc/kube/own"] });

describe("what is suggested", () => {
  it("names a claim by its agent where it is called so, and as it is where it is not", () => {
    const mine = inputOf([agent(ADA, { homeClaim: `claude-${ADA}` }), agent(BOB, { homeClaim: `claude-${BOB}` })]);
    expect(suggest(mine).file).toEqual({ allow: { claims: ["claude-{agentId}"] } });
    const another = inputOf([agent(ADA, { homeClaim: `claude-${BOB}` })]);
    expect(suggest(another).file).toEqual({ allow: { claims: [`claude-${BOB}`] } });
  });

  it("gives a cluster a name that can be read, and keeps apart a kubeconfig's contexts", () => {
    const context = "arn:aws:eks:eu-west-1:1:cluster/gpu-east";
    const { file, rules } = suggest(
      inputOf([
        agent(ADA, { kubeconfig: "/etc/k.yaml", kubeContext: context, namespace: "lab" }),
        agent(BOB, { kubeconfig: "/etc/k.yaml" }),
      ]),
    );
    expect(file).toEqual({
      clusters: {
        "gpu-east": { kubeconfig: "/etc/k.yaml", context, namespaces: ["lab"] },
        "k-yaml": { kubeconfig: "/etc/k.yaml" },
      },
    });
    expect(rules.map(({ neededBy }) => neededBy)).toEqual([[`${ADA} (Acme)`], [`${ADA} (Acme)`], [`${BOB} (Acme)`]]);
  });

  it.each(["A]", "A[", "A].value"])(
    "has no rule for a place of a template with the name %j, and the other agents go on",
    (name) => {
      const podTemplate = { spec: { containers: [{ name: "claude", env: [{ name, value: "1" }] }] } };
      const input = inputOf([agent(ADA, { podTemplate }), agent(BOB, { egress: "web" })]);
      const suggestion = suggest(input);
      expect(read(printed(input)).file).toEqual(suggestion.file);
      expect(suggestion.file.allow?.egress).toEqual(["web"]);
      if (name === "A]") expect(suggestion.leftOut[0]?.reasons[0]).toContain("which no rule can name");
      for (const candidate of input.candidates) {
        const isLeftOut = suggestion.leftOut.some((one) => one.agent === candidate);
        expect(refusalsIn(candidate, suggestion.file, input).length > 0).toBe(isLeftOut);
      }
    },
  );

  it("needs nothing for what Paperclip has itself", () => {
    expect(suggest(inputOf([agent(ADA, { kubeconfig: "/etc/kube/own", namespace: "paperclip" })])).rules).toEqual([]);
  });

  it.each([
    [{ kubeconfig: "/paperclip/evil.yaml" }, /in Paperclip's home.*Mount that file from a Secret/],
    [{ kubeconfig: "/etc/../paperclip/evil.yaml" }, /in Paperclip's home/],
    [{ kubeconfig: "/etc/*" }, /no rule can name/],
    [{ kubeconfig: "evil.yaml" }, /absolute path/],
    [{ cluster: "gpu" }, /nobody but you knows/],
    [{ cluster: "default", kubeconfig: "/etc/k.yaml" }, /another way than the policy's cluster "default"/],
    [{ tolerations: [{ key: "*", operator: "Exists" }] }, /tolerations\.0\.key is no key of a taint/],
    [{ graceSec: "soon" }, /graceSec is not a number/],
  ])("leaves out %j, and says why", (config, words) => {
    const { leftOut, file } = suggest(inputOf([agent(ADA, config), agent(BOB, { egress: "web" })]));
    expect(leftOut).toHaveLength(1);
    expect(leftOut[0]?.reasons.join()).toMatch(words);
    expect(file).toEqual({ allow: { egress: ["web"] } });
  });

  it("keeps the operator's file, with its comments", () => {
    const present = "# ours\nallow:\n  # as agreed\n  labels: [team] # only this\nhome: none\n";
    const text = printed(
      inputOf([agent(ADA, { labels: "cost=1" })], { allow: { labels: ["team"] }, home: "none" }),
      present,
    );
    expect(text).toContain("# as agreed");
    expect(text).toContain("# ours");
    expect(read(text).file).toEqual({ allow: { labels: ["team", "cost"] }, home: "none" });
  });

  it("says for whom each rule is and what it opens, and marks what to look at", () => {
    const text = printed(
      inputOf([agent(ADA, { labels: "app=x" }), agent(BOB, { tolerations: [{ operator: "Exists" }] })]),
    );
    expect(text).toMatch(new RegExp(`# For ${ADA} \\(Acme\\)\\. Job and pod[^]*# LOOK: Services[^]*- app`));
    expect(text).toMatch(/# LOOK: This is every taint/);
  });

  it("names an agent once, not for each of its tasks", () => {
    const config = { egress: "web" };
    const { rules } = suggest(inputOf([agent(ADA, config), agent(ADA, config, { task: "ACME-1", label: "task" })]));
    expect(rules.map(({ neededBy }) => neededBy)).toEqual([[`${ADA} (Acme)`]]);
  });
});

const anyAgents = fc.array(
  fc
    .constantFrom(ADA, BOB, "3f0c1c1e-7a55-4c57-9d0a-6a1b2f7b0003")
    .chain((id) => anyAgentConfig(id).map((config) => agent(id, config))),
  { maxLength: 5 },
);

describe("for any agents and any present policy, what is suggested", () => {
  const forAny = (check: (input: SuggestInput) => void): void =>
    fc.assert(
      fc.property(anyAgents, anyPolicyFile, (agents, file) => {
        // A present policy that nobody can use is refused before.
        fc.pre(isUsable(file));
        check(inputOf(agents, file));
      }),
      { numRuns: cases(60) },
    );

  it("is a policy under which they go on, in the clusters and namespaces that they name", () => {
    forAny((input) => {
      const suggestion = suggest(input);
      const { policy, file } = read(printed(input, stringify(input.file), suggestion));
      const out = new Set(suggestion.leftOut.map(({ agent: one }) => one));
      expect(file).toEqual(read(stringify(suggestion.file)).file);
      for (const one of input.candidates.filter((candidate) => !out.has(candidate))) {
        expect(refusalsIn(one, file, input)).toEqual([]);
        const { cluster, namespace } = govern(one.config, policy, one);
        const { kubeconfig, kubeContext } = one.config;
        if (one.config.cluster === undefined && kubeconfig !== undefined) expect(cluster.kubeconfig).toBe(kubeconfig);
        if (one.config.cluster === undefined && kubeContext !== undefined) expect(cluster.context).toBe(kubeContext);
        if (one.config.namespace !== undefined) expect(namespace).toBe(one.config.namespace);
      }
    });
  });

  it("leaves none out that a policy can let go on, and none without a reason", () => {
    forAny((input) => {
      for (const { agent: one, reasons } of suggest(input).leftOut) {
        expect(reasons.join()).not.toBe("");
        expect(refusesAlone(one, input)).toBe(true);
      }
    });
  });

  it("is no wider than they need: without any one rule somebody is refused", () => {
    forAny((input) => {
      const { rules, leftOut, file } = suggest(input);
      const out = new Set(leftOut.map(({ agent: one }) => one));
      const goingOn = input.candidates.filter((one) => !out.has(one));
      for (const { grant, neededBy } of rules) {
        expect(neededBy.length).toBeGreaterThan(0);
        const fewer = rules.reduce(
          (all, other) => (other.grant === grant ? all : withGrant(all, other.grant)),
          input.file as Parameters<typeof withGrant>[0],
        );
        expect(goingOn.some((one) => refusalsIn(one, fewer, input).length > 0)).toBe(true);
      }
      const stars = (rules2: unknown): number => (JSON.stringify(rules2).match(/"\*"/g) ?? []).length;
      const everyTaint = goingOn.some(({ config }) =>
        JSON.stringify(config.tolerations ?? []).match(/"key":""|\{"operator/),
      );
      expect(stars(file) - stars(input.file)).toBeLessThanOrEqual(everyTaint ? 1 : 0);
    });
  });
});

function isUsable(file: PolicyFile): boolean {
  try {
    read(stringify(file));
    return true;
  } catch (error) {
    if (error instanceof ConfigError) return false;
    throw error;
  }
}

/** Whether even the present policy alone refuses it. */
function refusesAlone(one: Candidate, input: SuggestInput): boolean {
  try {
    return refusalsIn(one, input.file, input).length > 0;
  } catch (error) {
    if (error instanceof ConfigError) return true;
    throw error;
  }
}
