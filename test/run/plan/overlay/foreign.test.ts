/** What an agent tries whose operator has opened every place of the pod's template, but not Paperclip itself. */
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../../../src/config/config-error.ts";
import { govern } from "../../../../src/policy/policy.ts";
import type { PolicyFile } from "../../../../src/policy/schema.ts";
import { planRun } from "../../../../src/run/plan/run-plan.ts";
import { policyOf } from "../../../support/policy.ts";
import { hostPod, input, podOf } from "../../support/plan-input.ts";

const who = { companyId: "company-1", agentId: "agent-1" };
const open: PolicyFile = { allow: { podTemplate: ["*"] } };

const plan = (podTemplate: unknown, file: PolicyFile = {}) => {
  const agent = govern({ image: "img:1", podTemplate }, policyOf({ ...open, ...file }), who);
  return planRun(input({ agent, hostPod }));
};

function problemsOf(podTemplate: unknown, file: PolicyFile = {}): string[] {
  try {
    plan(podTemplate, file);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ field, problem }) => `${field} ${problem}`);
    throw error;
  }
  return [];
}

const mount = (more: object) => ({
  spec: { containers: [{ name: "claude", volumeMounts: [{ name: "home", mountPath: "/x", ...more }] }] },
});
const volume = (more: object) => ({ spec: { volumes: [{ name: "x", ...more }] } });
const sidecar = (more: object) => ({ spec: { initContainers: [{ name: "side", image: "x", ...more }] } });
const own = "data/claude_k8s/homes/company-1/agent-1";
const another = "ac-agent-2-run-2-0123ab";

describe("an agent that may change every place of its template", () => {
  it.each([
    ["all of Paperclip's volume", mount({}), /beyond the agent's part/],
    ["Paperclip's home", mount({ subPath: "data" }), /beyond the agent's part/],
    ["another agent's home", mount({ subPath: `${own}/../agent-2` }), /beyond the agent's part|relative path/],
    ["a folder below its home, where it can put a link", mount({ subPath: `${own}/link` }), /beyond the agent's part/],
    ["a folder that a variable names", mount({ subPathExpr: "$(X)" }), /beyond the agent's part/],
    [
      "the volume in a sidecar",
      sidecar({ volumeMounts: [{ name: "home", mountPath: "/paperclip" }] }),
      /beyond the agent's part/,
    ],
    ["Paperclip's claim", volume({ persistentVolumeClaim: { claimName: "home" } }), /Paperclip's own volume/],
    ["another run's Secret", volume({ secret: { secretName: another } }), /Secret of a run/],
    ["files that runs share", volume({ secret: { secretName: `ac-bundle-${"0a".repeat(20)}` } }), /Secret of a run/],
    ["its later token", volume({ secret: { secretName: `${another}-token-1` } }), /Secret of a run/],
    ["it projected", volume({ projected: { sources: [{ secret: { name: another } }] } }), /Secret of a run/],
    [
      "it as a variable",
      sidecar({ env: [{ name: "A", valueFrom: { secretKeyRef: { name: another, key: "env.PAPERCLIP_API_KEY" } } }] }),
      /env\[A\] names the Secret of a run/,
    ],
    ["it as all variables", sidecar({ envFrom: [{ secretRef: { name: another } }] }), /Secret of a run/],
    [
      "a token for the cluster's API under its own name",
      volume({
        projected: { sources: [{ serviceAccountToken: { path: "t", audience: "https://kubernetes.default.svc" } }] },
      }),
      /token of the service account/,
    ],
    ...[
      "/run/./claude-k8s",
      "//run//claude-k8s/bin",
      "run/claude-k8s",
      "/tmp/../run",
      "/",
      "/dev/./termination-log",
    ].map(
      (mountPath) =>
        [
          `a volume over the run's folder, as ${mountPath}`,
          {
            spec: {
              volumes: [{ name: "x", emptyDir: {} }],
              containers: [{ name: "claude", volumeMounts: [{ name: "x", mountPath }] }],
            },
          },
          /would hide/,
        ] as const,
    ),
  ] as const)("does not get %s", (_, template, problem) => {
    expect(problemsOf(template).join("\n")).toMatch(problem);
  });

  it("is not the recorder's user, by its pod or by a container", () => {
    const file: PolicyFile = { recorder: "separate" };
    const user = { runAsUser: 1002 };
    for (const template of [
      { spec: { securityContext: user } },
      { spec: { containers: [{ name: "claude", securityContext: user }] } },
      sidecar({ securityContext: user }),
    ])
      expect(problemsOf(template, file).join("\n")).toMatch(/runs as 1002, the recorder's user/);
    expect(problemsOf(sidecar({ securityContext: { runAsUser: 1003 } }), file)).toEqual([]);
  });

  it("puts no command into a container, and no other volume in the place of one, that its operator adds", () => {
    const file: PolicyFile = {
      podTemplate: {
        spec: {
          initContainers: [{ name: "proxy", image: "op", envFrom: [{ secretRef: { name: "db" } }] }],
          volumes: [{ name: "config", configMap: { name: "op" } }],
        },
      },
    };
    const evil = { spec: { initContainers: [{ name: "proxy", image: "x", command: ["sh", "-c", "env"] }] } };
    expect(problemsOf(evil, file).join()).toMatch(
      /^podTemplate\.spec\.initContainers\[proxy\] has a name of the operator/,
    );
    const volumes = { spec: { volumes: [{ name: "config", configMap: { name: "mine" } }] } };
    expect(problemsOf(volumes, file).join()).toMatch(/volumes\[config\] has a name of the operator/);
    expect(problemsOf(sidecar({}), file)).toEqual([]);
  });

  it("mounts its own home where it likes, and what is its own where the home is no part of Paperclip's", () => {
    expect(podOf(plan(mount({ subPath: own }))).containers[0]?.volumeMounts).toContainEqual({
      ...{ name: "home", mountPath: "/x", subPath: own },
    });
    expect(problemsOf(mount({}), { home: "none" })).toEqual([]);
  });

  it("leaves to the operator's templates what is the operator's to give", () => {
    const sources = [{ serviceAccountToken: { path: "t", audience: "vault" } }];
    expect(problemsOf(undefined, { podTemplate: volume({ projected: { sources } }) })).toEqual([]);
    expect(problemsOf(undefined, { defaults: { podTemplate: volume({ projected: { sources } }) } })).toEqual([]);
    expect(problemsOf(undefined, { podTemplate: mount({}) }).join()).toMatch(/beyond the agent's part/);
  });
});
