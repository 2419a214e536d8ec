import type { PodSpec } from "kubernetes-types/core/v1";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { ConfigError } from "../../../../src/config/config-error.ts";
import { govern } from "../../../../src/policy/policy.ts";
import type { PolicyFile } from "../../../../src/policy/schema.ts";
import { planRun, type RunPlan } from "../../../../src/run/plan/run-plan.ts";
import { policyOf } from "../../../support/policy.ts";
import { hostPod, input, podOf } from "../../support/plan-input.ts";

const who = { companyId: "company-1", agentId: "agent-1" };

/** An agent with that pod template, under that policy. */
function planWith(
  podTemplate: unknown,
  file: PolicyFile = { trust: "full" },
  config: Record<string, unknown> = {},
): RunPlan {
  return planRun(input({ agent: govern({ image: "img:1", podTemplate, ...config }, policyOf(file), who) }));
}

function refusal(make: () => unknown): ConfigError {
  try {
    make();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

const agentOf = (pod: PodSpec) => {
  const agent = pod.containers.find(({ name }) => name === "claude");
  if (!agent) throw new Error("no agent");
  return agent;
};

describe("a pod template", () => {
  it("adds what a pod of an operator needs, as text or as an object", () => {
    const template = {
      metadata: { annotations: { "example.com/team": "a" } },
      spec: {
        affinity: {
          podAntiAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 1, podAffinityTerm: { topologyKey: "kubernetes.io/hostname" } },
            ],
          },
        },
        topologySpreadConstraints: [
          { maxSkew: 1, topologyKey: "topology.kubernetes.io/zone", whenUnsatisfiable: "ScheduleAnyway" },
        ],
        schedulerName: "batch",
        hostAliases: [{ ip: "10.0.0.1", hostnames: ["git.example"] }],
        dnsPolicy: "None",
        dnsConfig: { nameservers: ["10.0.0.2"] },
        initContainers: [
          { name: "clone", image: "git:1", command: ["git", "--version"] },
          { name: "database", image: "postgres:17", restartPolicy: "Always" },
        ],
        containers: [
          {
            name: "claude",
            env: [{ name: "POD", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
            envFrom: [{ secretRef: { name: "team" } }],
            volumeMounts: [{ name: "cache", mountPath: "/paperclip/.cache" }],
            resources: { limits: { "nvidia.com/gpu": "1" } },
          },
        ],
        volumes: [
          { name: "cache", persistentVolumeClaim: { claimName: "cache" } },
          { name: "home", emptyDir: { sizeLimit: "20Gi" } },
        ],
      },
    };
    for (const given of [template, stringify(template), JSON.stringify(template)]) {
      const plan = planWith(given);
      const pod = podOf(plan);
      expect(pod).toMatchObject({
        ...template.spec,
        initContainers: expect.anything(),
        containers: expect.anything(),
        volumes: expect.anything(),
      });
      const agent = agentOf(pod);
      expect(agent.command?.[0]).toBe("/bin/sh");
      expect(agent.env).toContainEqual({ name: "HOME", value: "/paperclip" });
      expect(agent.env).toContainEqual(template.spec.containers[0]?.env[0]);
      expect(agent.resources?.limits).toMatchObject({ memory: "8Gi", "nvidia.com/gpu": "1" });
      expect(agent.volumeMounts?.map(({ mountPath }) => mountPath)).toEqual(
        expect.arrayContaining(["/run/claude-k8s", "/paperclip", "/paperclip/.cache"]),
      );
      expect(pod.volumes).toContainEqual({ name: "home", emptyDir: { sizeLimit: "20Gi" } });
      expect(plan.job.spec?.template.metadata?.annotations).toMatchObject({
        "example.com/team": "a",
        "karpenter.sh/do-not-disrupt": "true",
      });
      for (const one of pod.initContainers ?? [])
        expect(one.securityContext).toEqual({ allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } });
    }
  });

  it("says which plain container keeps the pod after the agent's end", () => {
    const { notes } = planWith({ spec: { containers: [{ name: "proxy", image: "p" }] } });
    expect(notes.join()).toContain("Container proxy of the pod template does not end with the agent");
  });

  it.each([
    ["no YAML", "spec: [", "podTemplate", /no YAML/],
    ["a list", "[]", "podTemplate", /no pod template/],
    ["a field that there is not", { spec: { tolerationz: [] } }, "podTemplate.spec.tolerationz", /no field/],
    [
      "a field of another case",
      { spec: { hostname: "a", DNSPolicy: "x" } },
      "podTemplate.spec.DNSPolicy",
      /did you mean dnsPolicy/,
    ],
    [
      "a wrong type",
      { spec: { containers: [{ name: "claude", env: [{ name: "A", value: 1 }] }] } },
      "podTemplate.spec.containers[claude].env[A].value",
      /not text/,
    ],
    [
      "the runner taken away",
      { spec: { containers: [{ name: "claude", $patch: "delete" }] } },
      "podTemplate.spec.containers",
      /is missing|no container claude/,
    ],
    [
      "the runner replaced",
      { spec: { containers: [{ $patch: "replace" }, { name: "x", image: "y" }] } },
      "podTemplate.spec.containers",
      /no container claude/,
    ],
    [
      "another command",
      { spec: { containers: [{ name: "claude", command: ["claude"] }] } },
      "podTemplate.spec.containers[claude].command",
      /is the runner/,
    ],
    [
      "arguments",
      { spec: { containers: [{ name: "claude", args: ["-p"] }] } },
      "podTemplate.spec.containers[claude].args",
      /extraArgs/,
    ],
    [
      "another HOME",
      { spec: { containers: [{ name: "claude", env: [{ name: "HOME", value: "/x" }] }] } },
      "podTemplate.spec.containers[claude].env[HOME]",
      /adapter sets it/,
    ],
    [
      "another token",
      { spec: { containers: [{ name: "claude", env: [{ name: "PAPERCLIP_API_KEY", value: "x", valueFrom: null }] }] } },
      "podTemplate.spec.containers[claude].env[PAPERCLIP_API_KEY]",
      /adapter sets it/,
    ],
    [
      "the Secret's volume",
      { spec: { volumes: [{ name: "run", projected: { sources: [{ secret: { name: "other" } }] } }] } },
      "podTemplate.spec.volumes[run]",
      /cannot be changed/,
    ],
    [
      "the home as another volume",
      { spec: { volumes: [{ name: "home", emptyDir: null, persistentVolumeClaim: { claimName: "x" } }] } },
      "podTemplate.spec.volumes[home]",
      /homeClaim/,
    ],
    [
      "a volume over the runner",
      {
        spec: {
          volumes: [{ name: "x", emptyDir: {} }],
          containers: [{ name: "claude", volumeMounts: [{ name: "x", mountPath: "/run/claude-k8s/" }] }],
        },
      },
      "podTemplate.spec.containers[claude].volumeMounts[/run/claude-k8s/]",
      /hide/,
    ],
    [
      "a volume that is not there",
      { spec: { containers: [{ name: "claude", volumeMounts: [{ name: "x", mountPath: "/x" }] }] } },
      "podTemplate.spec.containers[claude].volumeMounts[/x].name",
      /no volume/,
    ],
    [
      "two containers alike",
      {
        spec: {
          containers: [
            { name: "a", image: "x" },
            { name: "a", image: "y" },
          ],
        },
      },
      "podTemplate.spec.containers",
      /two items with the name "a"/,
    ],
    [
      "a container without a name",
      { spec: { initContainers: [{ image: "x" }] } },
      "podTemplate.spec.initContainers",
      /without `name`/,
    ],
    [
      "an init container that is named as the agent",
      { spec: { initContainers: [{ name: "claude", image: "x" }] } },
      "podTemplate.spec.initContainers[claude]",
      /another one has/,
    ],
    [
      "a container without an image",
      { spec: { initContainers: [{ name: "a" }] } },
      "podTemplate.spec.initContainers[a].image",
      /missing/,
    ],
    [
      "a quantity that is none",
      { spec: { volumes: [{ name: "home", emptyDir: { sizeLimit: "lots" } }] } },
      "podTemplate.spec.volumes[home].emptyDir.sizeLimit",
      /quantity/,
    ],
    ["a key that is none", { metadata: { annotations: { "a b": "x" } } }, "podTemplate.metadata.annotations", /`a b`/],
    [
      "a name that is none",
      { spec: { priorityClassName: "Not A Name" } },
      "podTemplate.spec.priorityClassName",
      /Kubernetes name/,
    ],
    [
      "two kinds of a volume",
      { spec: { volumes: [{ name: "home", configMap: { name: "x" } }] } },
      "podTemplate.spec.volumes[home]",
      /two kinds.*emptyDir: null/,
    ],
    [
      "a volume of the node",
      { spec: { volumes: [{ name: "x", hostPath: { path: "/" } }] } },
      "podTemplate.spec.volumes[x].hostPath",
      /volume of the node.*restricted/,
    ],
    [
      "a volume of a forbidden kind",
      { spec: { volumes: [{ name: "x", nfs: { server: "s", path: "/" } }] } },
      "podTemplate.spec.volumes[x].nfs",
      /forbidden kind/,
    ],
    [
      "a token of the cluster",
      { spec: { automountServiceAccountToken: true } },
      "podTemplate.spec.automountServiceAccountToken",
      /no token/,
    ],
    [
      "a projected token of the cluster",
      { spec: { volumes: [{ name: "t", projected: { sources: [{ serviceAccountToken: { path: "t" } }] } }] } },
      "podTemplate.spec.volumes[t].projected.sources[0].serviceAccountToken.audience",
      /missing/,
    ],
    ["a restart", { spec: { restartPolicy: "OnFailure" } }, "podTemplate.spec.restartPolicy", /started once/],
    [
      "another grace",
      { spec: { terminationGracePeriodSeconds: 1 } },
      "podTemplate.spec.terminationGracePeriodSeconds",
      /graceSec/,
    ],
    [
      "our labels",
      { metadata: { labels: { "paperclip.io/agent-id": "x" } } },
      "podTemplate.metadata.labels[paperclip.io/agent-id]",
      /known by it/,
    ],
    [
      "our labels taken away",
      { metadata: { labels: null } },
      "podTemplate.metadata.labels[app.kubernetes.io/managed-by]",
      /known by it/,
    ],
    [
      "root",
      { spec: { securityContext: { runAsUser: 0 } } },
      "podTemplate.spec.securityContext.runAsUser",
      /is root.*restricted/,
    ],
    [
      "a privileged sidecar",
      {
        spec: {
          initContainers: [
            { name: "a", image: "b", securityContext: { privileged: true, allowPrivilegeEscalation: true } },
          ],
        },
      },
      "podTemplate.spec.initContainers[a].securityContext.privileged",
      /restricted/,
    ],
    ["the host's network", { spec: { hostNetwork: true } }, "podTemplate.spec.hostNetwork", /restricted/],
    [
      "seccomp taken away",
      { spec: { securityContext: { seccompProfile: null } } },
      "podTemplate.spec.securityContext.seccompProfile",
      /missing.*restricted/,
    ],
  ])("is refused for %s", (_, template, field, problem) => {
    const { problems, code } = refusal(() => planWith(template));
    expect(code).toBe("k8s_config_invalid");
    expect(problems[0]?.field).toBe(field);
    expect(problems[0]?.problem).toMatch(problem);
  });
});

describe("whose template it is", () => {
  const sidecar = { spec: { initContainers: [{ name: "side", image: "x", restartPolicy: "Always" }] } };

  it("an agent's touches nothing, unless the policy lets it", () => {
    const { code, problems } = refusal(() => planWith(sidecar, {}));
    expect(code).toBe("k8s_policy_refused");
    expect(problems[0]?.field).toBe("podTemplate.spec.initContainers[side].image");
    expect(problems[0]?.fix).toContain('allow: {podTemplate: ["spec.initContainers[side].image"]}');
  });

  it.each([
    [["spec.initContainers"], true],
    [["spec.initContainers[side]"], true],
    [["spec.initContainers[s*]"], true],
    [["spec.initContainers[side].image=x", "spec.initContainers[side].restartPolicy"], true],
    [["spec.initContainers[side].image=y", "spec.initContainers[side].restartPolicy"], false],
    [["spec.initContainers[other]"], false],
    [["spec.containers"], false],
    [["metadata"], false],
    [["*"], true],
  ])("%j allows a sidecar: %s", (rules, isAllowed) => {
    const make = () => planWith(sidecar, { allow: { podTemplate: rules } });
    if (isAllowed) expect(podOf(make()).initContainers).toHaveLength(1);
    else expect(refusal(make).code).toBe("k8s_policy_refused");
  });

  it("no name of a volume reaches beyond a rule", () => {
    const template = { spec: { volumes: [{ name: "x.emptydir", secret: { secretName: "db" } }] } };
    const { problems } = refusal(() => planWith(template, { allow: { podTemplate: ["spec.volumes[*].emptyDir"] } }));
    expect(problems[0]?.field).toMatch(/podTemplate\.spec\.volumes\[x\.emptydir\]/);
  });

  it("is the operator's in the end, by cluster after all, and named as such where it is wrong", () => {
    const image = (name: string) => ({
      spec: { containers: [{ name: "claude", env: [{ name: "WHO", value: name }] }] },
    });
    const whoIn = (file: PolicyFile) =>
      agentOf(podOf(planWith(image("agent"), { allow: { podTemplate: ["*"] }, ...file }))).env?.find(
        ({ name }) => name === "WHO",
      )?.value;
    expect(whoIn({})).toBe("agent");
    expect(whoIn({ podTemplate: image("operator") })).toBe("operator");
    expect(whoIn({ podTemplate: image("operator"), clusters: { default: { podTemplate: image("cluster") } } })).toBe(
      "cluster",
    );
    const { problems } = refusal(() => planWith(undefined, { podTemplate: { spec: { hostPID: true } } }));
    expect(problems[0]).toMatchObject({
      field: "podTemplate.spec.hostPID of the policy",
      fix: expect.stringContaining("podSecurity: baseline"),
    });
  });

  it("a default of the operator's is replaced by an agent's", () => {
    const defaults = { podTemplate: "spec: {schedulerName: batch}" };
    expect(podOf(planWith(undefined, { defaults })).schedulerName).toBe("batch");
    const own = planWith({ spec: { hostname: "a" } }, { defaults, allow: { podTemplate: ["spec.hostname"] } });
    expect(podOf(own)).toMatchObject({ hostname: "a" });
    expect(podOf(own).schedulerName).toBeUndefined();
  });

  it("lowers the security level only where the policy says so", () => {
    const template = {
      spec: { hostNetwork: true, initContainers: [{ name: "a", image: "b", securityContext: { privileged: true } }] },
    };
    const file: PolicyFile = { trust: "full", podSecurity: "privileged" };
    expect(podOf(planWith(template, file))).toMatchObject({ hostNetwork: true });
    expect(refusal(() => planWith(template, { ...file, podSecurity: "baseline" })).problems.length).toBeGreaterThan(1);
    // What it says nothing of stays as it is.
    expect(agentOf(podOf(planWith(template, file))).securityContext).toMatchObject({ allowPrivilegeEscalation: false });
  });

  it("changes nothing of a volume that Paperclip shares", () => {
    const agent = govern(
      { podTemplate: { spec: { volumes: [{ name: "home", emptyDir: {} }] } } },
      policyOf({ trust: "full" }),
      who,
    );
    expect(refusal(() => planRun(input({ agent, hostPod }))).problems[0]?.field).toBe("podTemplate.spec.volumes[home]");
  });
});
