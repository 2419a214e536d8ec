import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../src/config/config-error.ts";
import { refusalsOf } from "../../src/policy/govern/govern.ts";
import { linesOf } from "../../src/policy/govern/refusal.ts";
import { govern, namespaceOf } from "../../src/policy/policy.ts";
import type { PolicyFile } from "../../src/policy/schema.ts";
import { policyOf } from "../support/policy.ts";

const who = { companyId: "acme", agentId: "ada" };
const asked = (config: Record<string, unknown>, file: PolicyFile = {}) => govern(config, policyOf(file), who);

function refusal(config: Record<string, unknown>, file: PolicyFile = {}): ConfigError {
  try {
    asked(config, file);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("it was allowed");
}

describe("an agent of which the policy says nothing", () => {
  it.each([
    [{ kubeconfig: "/paperclip/evil.yaml" }, "kubeconfig"],
    [{ kubeContext: "admin" }, "kubeContext"],
    [{ cluster: "gpu" }, "cluster"],
    [{ homeClaim: "data-postgres-0" }, "homeClaim"],
    [{ serviceAccountName: "paperclip" }, "serviceAccountName"],
    [{ labels: "app=paperclip" }, "labels"],
    [{ nodeSelector: "node-role.kubernetes.io/control-plane=" }, "nodeSelector"],
    [{ tolerations: '[{"operator":"Exists"}]' }, "tolerations"],
    [{ tolerations: '[{"key":"dedicated","operator":"Exists"}]' }, "tolerations"],
    [{ graceSec: 31_536_000 }, "graceSec"],
    [{ ttlSecondsAfterFinished: 2_147_483_647 }, "ttlSecondsAfterFinished"],
    [{ "resources.limits.memory": "1Pi" }, "resources.limits.memory"],
    [{ egress: "open" }, "egress"],
  ])("may not set %j", (config, field) => {
    const { code, problems } = refusal(config);
    expect(code).toBe("k8s_policy_refused");
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ field, fix: expect.stringContaining("PAPERCLIP_K8S_POLICY") });
  });

  it("chooses its image and its resources", () => {
    const config = { image: "registry.example/agent:1", resources: { limits: { memory: "16Gi" } }, timeoutSec: 600 };
    expect(asked(config)).toMatchObject({
      cluster: {},
      namespace: null,
      config: { image: "registry.example/agent:1" },
    });
  });

  it("may name what it has anyway: Paperclip's own kubeconfig and namespace", () => {
    const policy = { ...policyOf({}), ownKubeconfigs: ["/etc/kube/config"] };
    expect(govern({ kubeconfig: "/etc/kube/config" }, policy, who).cluster).toEqual({});
    const agent = asked({ namespace: "agents" });
    expect(namespaceOf(agent, "agents")).toBe("agents");
    expect(() => namespaceOf(agent, "default")).toThrow(
      /namespace: is "agents".*clusters: \{default: \{namespaces: \[agents\]\}\}/s,
    );
  });

  it("names all that is refused at once", () => {
    const { problems } = refusal({ labels: "app=paperclip", homeClaim: "x", kubeconfig: "/x", graceSec: 4000 });
    expect(problems.map(({ field }) => field)).toEqual(["kubeconfig", "homeClaim", "labels", "graceSec"]);
  });
});

describe("what the operator allows", () => {
  it("is a cluster by its name, with its way, namespace and settings", () => {
    const clusters = {
      gpu: {
        kubeconfig: "/etc/k/gpu",
        context: "g",
        namespace: "agents-{companyId}",
        namespaces: ["lab-*"],
        defaults: { nodeSelector: { gpu: "yes" } },
      },
    };
    const agent = asked({ cluster: "gpu" }, { clusters });
    expect(agent).toMatchObject({
      cluster: { kubeconfig: "/etc/k/gpu", context: "g" },
      config: { nodeSelector: { gpu: "yes" } },
    });
    expect(namespaceOf(agent, "default")).toBe("agents-acme");
    expect(namespaceOf(asked({ cluster: "gpu", namespace: "lab-7" }, { clusters }), "default")).toBe("lab-7");
    expect(() => namespaceOf(asked({ cluster: "gpu", namespace: "agents-zeta" }, { clusters }), "default")).toThrow(
      ConfigError,
    );
    // An agent of before names the same by its path.
    expect(asked({ kubeconfig: "/etc/k/gpu", kubeContext: "g" }, { clusters }).cluster).toEqual({
      kubeconfig: "/etc/k/gpu",
      context: "g",
    });
    expect(refusal({ kubeconfig: "/etc/k/gpu", kubeContext: "other" }, { clusters }).problems[0]?.field).toBe(
      "kubeconfig",
    );
    expect(refusal({ cluster: "gpu", kubeconfig: "/etc/k/other" }, { clusters }).problems[0]?.field).toBe("kubeconfig");
    expect(refusal({ cluster: "constructor" }, { clusters }).problems[0]?.field).toBe("cluster");
  });

  it("is its own value, without a rule", () => {
    const file = { defaults: { serviceAccountName: "claude-agent", labels: { team: "a" } } };
    expect(asked({}, file).config).toMatchObject({ serviceAccountName: "claude-agent", labels: { team: "a" } });
    expect(asked({ serviceAccountName: "claude-agent" }, file).config.serviceAccountName).toBe("claude-agent");
    expect(refusal({ serviceAccountName: "paperclip" }, file).problems).toHaveLength(1);
  });

  it("holds for an agent that has the built-in default, as Paperclip's page stores it with each", () => {
    const file = { defaults: { graceSec: 10, imagePullPolicy: "Always" }, limits: { graceSec: { max: 10 } } };
    const stored = { graceSec: 30, imagePullPolicy: "IfNotPresent", resources: { limits: { cpu: "4000m" } } };
    expect(asked(stored, file).config).toMatchObject({ graceSec: 10, imagePullPolicy: "Always" });
    expect(refusal({ graceSec: 20 }, file).problems).toHaveLength(1);
  });

  it("stays beside what agents add, key by key", () => {
    const file = {
      defaults: {
        labels: { "net/zone": "agents" },
        nodeSelector: { pool: "a" },
        env: { HTTP_PROXY: "http://proxy", A: "1" },
      },
      allow: { labels: ["team"], nodeLabels: ["disk"] },
    };
    const { config } = asked({ labels: { team: "x" }, nodeSelector: { disk: "ssd" }, env: { A: "2" } }, file);
    expect(config).toMatchObject({
      labels: { "net/zone": "agents", team: "x" },
      nodeSelector: { pool: "a", disk: "ssd" },
      env: { HTTP_PROXY: "http://proxy", A: "2" },
    });
    expect(asked({ labels: { "net/zone": "agents" } }, file).config.labels).toEqual({ "net/zone": "agents" });
    expect(refusal({ labels: { "net/zone": "open" } }, file).problems[0]?.problem).toContain("net/zone");
    expect(refusal({ nodeSelector: { pool: "b" } }, file).problems[0]?.problem).toContain("pool=b");
  });

  it("is a pattern with the run's own company and agent", () => {
    const file = { allow: { claims: ["claude-{agentId}", "team-{companyId}-*"] } };
    expect(asked({ homeClaim: "claude-ada" }, file).config.homeClaim).toBe("claude-ada");
    expect(asked({ homeClaim: "team-acme-1" }, file).config.homeClaim).toBe("team-acme-1");
    for (const homeClaim of ["claude-bob", "team-zeta-1", "claude-ada2"])
      expect(refusal({ homeClaim }, file).problems).toHaveLength(1);
  });

  it("bounds tolerations by key, value and effect", () => {
    const file = { allow: { tolerations: ["dedicated=agents:NoSchedule", "spot"] } };
    const of = (...list: object[]) => ({ tolerations: list });
    expect(
      asked(of({ key: "dedicated", value: "agents", effect: "NoSchedule" }), file).config.tolerations,
    ).toHaveLength(1);
    expect(asked(of({ key: "spot", operator: "Exists" }), file).config.tolerations).toHaveLength(1);
    for (const one of [
      { key: "dedicated", operator: "Exists" },
      { key: "dedicated", value: "agents" },
      { operator: "Exists" },
      { operator: "Exists", effect: "NoSchedule" },
    ])
      expect(refusal(of(one), file).problems).toHaveLength(1);
  });

  it("gives an end to what has none", () => {
    const file = { limits: { timeoutSec: { max: 3600 }, silenceLimitSec: { max: 900 } } };
    expect(asked({}, file).config).toMatchObject({ timeoutSec: 3600, silenceLimitSec: 900, toolSilenceLimitSec: 0 });
    expect(asked({ timeoutSec: 60 }, file).config.timeoutSec).toBe(60);
    // As Paperclip's page stores it of an agent that nobody has given one.
    expect(asked({ timeoutSec: 0 }, file).config.timeoutSec).toBe(3600);
  });

  it("is everything, where it trusts its agents", () => {
    const config = {
      kubeconfig: "/x",
      kubeContext: "c",
      namespace: "kube-system",
      homeClaim: "y",
      labels: "a=b",
      graceSec: 9999,
      tolerations: [{ operator: "Exists" }],
    };
    expect(asked(config, { trust: "full" })).toMatchObject({
      cluster: { kubeconfig: "/x", context: "c" },
      namespace: "kube-system",
    });
    expect(refusal({ graceSec: 9999 }, { trust: "full", limits: { graceSec: { max: 60 } } }).problems).toHaveLength(1);
  });
});

const word = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,8}[a-z0-9])?$/);
const anyConfig = fc.record(
  {
    namespace: word,
    homeClaim: word,
    serviceAccountName: word,
    egress: word,
    cluster: word,
    kubeconfig: word.map((name) => `/etc/${name}`),
    labels: fc.dictionary(word, word, { maxKeys: 3 }),
    nodeSelector: fc.dictionary(word, word, { maxKeys: 3 }),
    tolerations: fc.array(fc.record({ key: word, value: word, effect: fc.constant("NoSchedule") }), { maxLength: 2 }),
    graceSec: fc.integer({ min: 0, max: 10_000 }),
    timeoutSec: fc.integer({ min: 0, max: 1_000_000 }),
    retainJobs: fc.boolean(),
  },
  { requiredKeys: [] },
);

describe("any configuration", () => {
  it("passes once the operator has added the lines that its refusal names", () => {
    fc.assert(
      fc.property(anyConfig, (config) => {
        const file: Record<string, unknown> = {};
        // Each round may reveal one more: the cluster first, then what is asked of it.
        for (let round = 0; round < 4; round++) {
          const refusals = refusalsOf(config, policyOf(file as PolicyFile), who);
          if (refusals.length === 0) return;
          for (const { grant } of refusals) add(file, grant.path, grant.value, grant.isList);
        }
        expect(refusalsOf(config, policyOf(file as PolicyFile), who)).toEqual([]);
      }),
    );
  });

  it("is refused in words that name its field and lines of one line", () => {
    fc.assert(
      fc.property(anyConfig, (config) => {
        for (const refused of refusalsOf(config, policyOf({}), who)) {
          expect(Object.keys(config)).toContain(refused.field);
          expect(linesOf(refused.grant)).not.toContain("\n");
        }
      }),
    );
  });
});

function add(file: Record<string, unknown>, path: readonly string[], value: unknown, isList: boolean): void {
  const [key = "", ...rest] = path;
  if (rest.length > 0) {
    file[key] ??= {};
    add(file[key] as Record<string, unknown>, rest, value, isList);
  } else if (isList) file[key] = [...((file[key] as unknown[] | undefined) ?? []), value];
  else if (typeof value === "object" && value !== null) file[key] = { ...(file[key] as object | undefined), ...value };
  else file[key] = value;
}

describe("what the operator's defaults say", () => {
  const toleration = { key: "dedicated", operator: "Equal", value: "agents", effect: "NoSchedule" };
  const defaults = {
    nodeSelector: { pool: "agents" },
    labels: { wall: "high" },
    annotations: { "example.com/mesh": "on" },
    tolerations: [toleration],
    imagePullSecrets: ["registry"],
    caBundle: "configmap/company",
    podTemplate: { spec: { schedulerName: "batch" } },
  };
  const file: PolicyFile = { defaults, allow: { nodeLabels: ["gpu=yes"], labels: ["team"] } };

  it("needs no rule where an agent sets the same, beside what a rule allows it", () => {
    const config = { ...defaults, nodeSelector: { pool: "agents", gpu: "yes" }, labels: { wall: "high", team: "a" } };
    expect(asked(config, file).config).toMatchObject(config);
  });

  it.each([
    { nodeSelector: {} },
    { nodeSelector: "{}" },
    { nodeSelector: { gpu: "yes" } },
    { labels: {} },
    { labels: { team: "a" } },
    { annotations: {} },
  ])("stays where an agent sets %j", (config) => {
    const { nodeSelector, labels, annotations } = defaults;
    expect(asked(config, file).config).toMatchObject({ nodeSelector, labels, annotations });
  });

  it.each([
    [{ nodeSelector: { pool: "paperclip" } }, 'nodeSelector: is with "pool=paperclip"'],
    [{ labels: { wall: "none" } }, 'labels: is with the key "wall"'],
    [{ annotations: '{"example.com/mesh": null}' }, 'annotations: is with the key "example.com/mesh"'],
  ])("is not changed by %j", (config, words) => {
    expect(refusal(config, file).message).toContain(words);
  });

  it("is changed where a rule lets an agent choose", () => {
    const open: PolicyFile = { defaults, allow: { nodeLabels: ["pool"], labels: ["*"] } };
    const config = { nodeSelector: { pool: "b" }, labels: { wall: "low" } };
    expect(asked(config, open).config).toMatchObject(config);
  });
});

describe("a pod template", () => {
  const volume = (name: string) => ({ spec: { volumes: [{ name: "x", secret: { secretName: name } }] } });
  const file: PolicyFile = { allow: { podTemplate: ["spec.volumes[*].secret.secretName=creds-{agentId}"] } };

  it("that is empty, or replaces all, needs the rule for all", () => {
    for (const podTemplate of [{}, "{}", { $patch: "replace", spec: {} }]) {
      expect(() => asked({ podTemplate }, { allow: { podTemplate: ["*"] } })).not.toThrow();
      expect(() => asked({ podTemplate }, { trust: "full" })).not.toThrow();
      expect(refusal({ podTemplate }, { allow: { podTemplate: ["spec"] } }).message).toContain('podTemplate: ["*"]');
    }
  });

  it("with what is one agent's is that agent's alone, and the environment test cannot tell", () => {
    expect(() => asked({ podTemplate: volume("creds-ada") }, file)).not.toThrow();
    expect(() => asked({ podTemplate: volume("creds-bob") }, file)).toThrow(/secretName: is set/);
    const nobody = { ...who, agentId: null };
    const tested = govern({ podTemplate: volume("creds-ada") }, policyOf(file), nobody);
    expect(tested.upToTheAgent.map(({ field }) => field)).toEqual(["podTemplate.spec.volumes[x].secret.secretName"]);
    expect(() => govern({ podTemplate: volume("db") }, policyOf(file), nobody)).toThrow(/secretName: is set/);
  });

  it("is bounded as an object as it is as text", () => {
    const env = Array.from({ length: 20_000 }, (_, index) => ({ name: `VARIABLE_${index}`, value: "" }));
    const podTemplate = { spec: { containers: [{ name: "claude", env }] } };
    for (const given of [podTemplate, JSON.stringify(podTemplate)])
      expect(() => asked({ podTemplate: given }, { trust: "full" })).toThrow(/longer than 65536 characters/);
  });
});
