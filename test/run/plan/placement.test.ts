import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../../src/config/config-error.ts";
import { govern } from "../../../src/policy/policy.ts";
import type { PolicyFile } from "../../../src/policy/schema.ts";
import { paperclipsAuthorities } from "../../../src/run/plan/authorities.ts";
import { planRun } from "../../../src/run/plan/run-plan.ts";
import { policyOf } from "../../support/policy.ts";
import { hostPod, input, podOf, secretOf } from "../support/plan-input.ts";

const who = { companyId: "company-1", agentId: "agent-1" };
const plan = (
  config: Record<string, unknown>,
  more: Parameters<typeof input>[0] = {},
  file: PolicyFile = { trust: "full" },
) => planRun(input({ ...more, agent: govern({ image: "img:1", ...config }, policyOf(file), who) }));
const problemsOf = (make: () => unknown) => {
  try {
    make();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
};

const PEM = execFileSync(
  "openssl",
  [
    "req",
    "-x509",
    "-nodes",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-keyout",
    "/dev/null",
    "-subj",
    "/CN=Company",
  ],
  { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
);

describe("the user", () => {
  it("is Paperclip's own, a number, or left to the cluster", () => {
    const userOf = (runAsUser: unknown) => podOf(plan({ runAsUser }, { hostPod })).securityContext;
    expect(userOf(undefined)).toMatchObject({ runAsUser: 1001, runAsGroup: 1002, supplementalGroups: [3000] });
    expect(userOf(4000)).toMatchObject({ runAsUser: 4000, runAsGroup: 4000 });
    expect(userOf("4000:5000")).toMatchObject({ runAsUser: 4000, runAsGroup: 5000 });
    const left = podOf(plan({ runAsUser: "cluster", homeClaim: "own" }, { hostPod })).securityContext;
    expect(left).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
    for (const field of ["runAsUser", "runAsGroup", "fsGroup", "supplementalGroups"])
      expect(left).not.toHaveProperty(field);
  });

  it.each([0, "0", "1000:0", "root", -1, "1000:", 2 ** 31])("is never %j", (runAsUser) => {
    expect(problemsOf(() => plan({ runAsUser }))[0]?.field).toBe("runAsUser");
  });

  it("is a number where the recorder needs one beside it", () => {
    const file: PolicyFile = { trust: "full", recorder: "separate" };
    expect(problemsOf(() => plan({ runAsUser: "cluster" }, {}, file))[0]?.field).toBe("runAsUser");
  });
});

describe("the node", () => {
  const affinity = { nodeAffinity: {} };
  const placed = (config: Record<string, unknown>) => podOf(plan(config, { hostPod: { ...hostPod, affinity } }));
  const THEIRS = { nodeSelector: hostPod.nodeSelector, tolerations: hostPod.tolerations, affinity };

  it.each([undefined, null, "", " "])("is one that Paperclip's own pod may have, where the agent says %j", (blank) => {
    expect(placed({ nodeSelector: blank, tolerations: blank })).toMatchObject(THEIRS);
  });

  it.each([{}, "{}"])("is any, where the agent says that no label is asked for: %j", (none) => {
    const { nodeSelector, affinity: left, tolerations } = placed({ nodeSelector: none });
    expect([nodeSelector ?? {}, left, tolerations]).toEqual([{}, undefined, THEIRS.tolerations]);
    expect(placed({ tolerations: [] }).tolerations ?? []).toEqual([]);
  });

  it("is not freed of Paperclip's labels without the operator's word", () => {
    const none = { nodeSelector: {}, tolerations: [] };
    expect(podOf(plan(none, { hostPod }, {}))).toMatchObject({
      nodeSelector: hostPod.nodeSelector,
      tolerations: hostPod.tolerations,
    });
    const open = podOf(plan(none, { hostPod }, { allow: { nodeLabels: ["disk"], tolerations: ["gpu"] } }));
    const asDefault = podOf(plan({}, { hostPod }, { defaults: none }));
    for (const { nodeSelector = {}, tolerations = [] } of [open, asDefault])
      expect([nodeSelector, tolerations]).toEqual([{}, []]);
  });
});

describe("resources", () => {
  const resourcesOf = (config: Record<string, unknown>) => podOf(plan(config)).containers[0]?.resources;

  it("may be of the node's disk, of a device plugin, and huge pages, in every form", () => {
    const gpu = { "nvidia.com/gpu": "2" };
    for (const config of [
      { extendedResources: "nvidia.com/gpu=2" },
      { extendedResources: gpu },
      { resources: { limits: { "nvidia.com/gpu": 2 } } },
      { "resources.requests.nvidia.com/gpu": "2", "resources.limits.nvidia.com/gpu": 2 },
    ])
      expect(resourcesOf(config)).toMatchObject({ requests: gpu, limits: gpu });
    const disk = { requests: { "ephemeral-storage": "5Gi" }, limits: { "ephemeral-storage": "20Gi" } };
    expect(resourcesOf({ resources: disk })).toMatchObject(disk);
    expect(resourcesOf({})?.limits).not.toHaveProperty("ephemeral-storage");
  });

  it.each([
    [{ resources: { limits: { gpu: 1 } } }, /`gpu`/],
    [{ extendedResources: "nvidia.com/gpu=0.5" }, /whole number/],
    [{ "resources.limits.hugepages-2Mi": 1 }, /no whole number of pages/],
    [{ resources: { requests: { "a.b/c": 1 }, limits: { "a.b/c": 2 } } }, /other of request and limit/],
    [{ resources: { requests: { "ephemeral-storage": "2Gi" }, limits: { "ephemeral-storage": "1Gi" } } }, /more than/],
  ])("are refused for %j", (config, problem) => {
    expect(problemsOf(() => plan(config))[0]?.problem).toMatch(problem);
  });

  it("are bounded by the policy, each by its name", () => {
    const config = { resources: { limits: { "nvidia.com/gpu": 2 } } };
    expect(problemsOf(() => plan(config, {}, {}))[0]).toMatchObject({ field: "resources.limits.nvidia.com/gpu" });
    const file = { limits: { resources: { "nvidia.com/gpu": { max: "1" } } } };
    expect(problemsOf(() => plan(config, {}, file))[0]?.problem).toContain("it allows 1 at most");
    expect(problemsOf(() => plan(config, {}, { limits: { resources: { "nvidia.com/gpu": { max: "2" } } } }))).toEqual(
      [],
    );
  });
});

it("pull secrets are the agent's own, Paperclip's, or none", () => {
  const secretsOf = (imagePullSecrets: unknown) => podOf(plan({ imagePullSecrets }, { hostPod })).imagePullSecrets;
  expect(secretsOf(undefined)).toEqual([{ name: "pull" }]);
  expect(secretsOf("a, b")).toEqual([{ name: "a" }, { name: "b" }]);
  expect(secretsOf([{ name: "a" }])).toEqual([{ name: "a" }]);
  expect(secretsOf([])).toBeUndefined();
  expect(secretsOf("[]")).toBeUndefined();
});

it.each([
  [{ annotations: "a=b" }, "annotations", { annotations: ["a"] }],
  [{ priorityClassName: "high" }, "priorityClassName", { priorityClasses: ["h*"] }],
  [{ runtimeClassName: "gvisor" }, "runtimeClassName", { runtimeClasses: ["gvisor"] }],
  [{ imagePullSecrets: "team-a" }, "imagePullSecrets", { pullSecrets: ["team-*"] }],
  [{ runAsUser: 2000 }, "runAsUser", { users: ["2000"] }],
  [{ caBundle: "configmap/company" }, "caBundle", { configMaps: ["company"] }],
  [{ podTemplate: "spec: {hostname: a}" }, "podTemplate.spec.hostname", { podTemplate: ["spec.hostname"] }],
])("%j needs a rule", (config, field, allow) => {
  expect(problemsOf(() => plan(config, {}, {}))[0]?.field).toBe(field);
  expect(problemsOf(() => plan(config, {}, { allow }))).toEqual([]);
});

describe("certificate authorities", () => {
  const variablesOf = (made: ReturnType<typeof plan>) =>
    podOf(made).containers[0]?.env?.filter(({ name }) => /CLAUDE_K8S_(AUTH|TRUST)/.test(name));

  it("go into the run's Secret as text, and are mounted as a ConfigMap; agents need no rule for their own text", () => {
    const own = plan({ caBundle: PEM }, {}, {});
    expect(secretOf(own)).toMatchObject({ "authorities.pem": PEM });
    expect(variablesOf(own)).toContainEqual({
      name: "CLAUDE_K8S_AUTHORITIES",
      value: "/run/claude-k8s/authorities.pem",
    });
    const named = podOf(plan({ caBundle: "configmap/company" }));
    expect(named.volumes).toContainEqual({ name: "authorities", configMap: { name: "company" } });
    expect(variablesOf(plan({}))).toEqual([]);
  });

  it("are those of Paperclip's own process where nobody names any", () => {
    const inherited = { variables: {}, paths: { NODE_EXTRA_CA_CERTS: "/etc/company.pem", CLAUDE_CONFIG_DIR: "/x" } };
    const made = plan({}, { authorities: PEM, inherited });
    expect(secretOf(made)).toMatchObject({ "authorities.pem": PEM });
    expect(made.notes.join()).not.toContain("NODE_EXTRA_CA_CERTS");
  });

  it.each([
    "",
    "no certificate",
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
    `${PEM}-----BEGIN PRIVATE KEY-----`,
    "configmap/A b",
  ])("are not %j", (caBundle) => {
    const problems = problemsOf(() => plan({ caBundle }));
    if (caBundle === "") expect(problems).toEqual([]);
    else expect(problems[0]?.field).toBe("caBundle");
  });

  it("of Paperclip's process that cannot be used are named", async () => {
    const no = () => Promise.reject(new Error("ENOENT"));
    expect(await paperclipsAuthorities(undefined, no)).toEqual({ pem: null, notes: [] });
    expect((await paperclipsAuthorities("/x", no)).notes[0]).toContain("cannot be read");
    expect((await paperclipsAuthorities("/x", () => Promise.resolve("words"))).notes[0]).toContain(
      "holds no certificate",
    );
    expect(await paperclipsAuthorities("/x", () => Promise.resolve(PEM))).toEqual({ pem: PEM, notes: [] });
  });
});
