/** What the operator's rules of the pod make of a run's Job, and what is said of a cluster that drops them. */
import type { Job } from "kubernetes-types/batch/v1";
import { describe, expect, it } from "vitest";
import type { PolicyFile } from "../../../src/policy/schema.ts";
import { droppedHardening } from "../../../src/run/plan/hardening.ts";
import { planRun, type RunPlan } from "../../../src/run/plan/run-plan.ts";
import { policyOf } from "../../support/policy.ts";
import { agentOf, input, podOf } from "../support/plan-input.ts";

function planOf(pod: NonNullable<PolicyFile["pod"]>, config: Record<string, unknown> = {}): RunPlan {
  const agent = { ...agentOf({ image: "img:1", ...config }), policy: policyOf({ trust: "full", pod }) };
  return planRun(input({ agent }));
}

const ALL = {
  hostUsers: false,
  readOnlyRootFilesystem: true,
  appArmorProfile: "RuntimeDefault",
  supplementalGroupsPolicy: "Strict",
} as const;

describe("a hardened pod", () => {
  it("has what the operator asks for, and a /tmp that can be written", () => {
    const pod = podOf(planOf(ALL));
    expect(pod).toMatchObject({
      hostUsers: false,
      securityContext: {
        runAsNonRoot: true,
        seccompProfile: { type: "RuntimeDefault" },
        appArmorProfile: { type: "RuntimeDefault" },
        supplementalGroupsPolicy: "Strict",
      },
    });
    const [container] = pod.containers;
    expect(container?.securityContext).toMatchObject({
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
    });
    expect(container?.volumeMounts).toContainEqual({ name: "claude-k8s-tmp", mountPath: "/tmp" });
    expect(pod.volumes).toContainEqual({ name: "claude-k8s-tmp", emptyDir: {} });
    expect(container?.env).toContainEqual({ name: "TMPDIR", value: "/tmp" });
    // Each mount has its volume, and no two are of one name or place.
    const names = pod.volumes?.map(({ name }) => name) ?? [];
    expect(new Set(names).size).toBe(names.length);
    for (const { name } of container?.volumeMounts ?? []) expect(names).toContain(name);
  });

  it("keeps a TMPDIR of the agent's own", () => {
    const [container] = podOf(
      planOf({ readOnlyRootFilesystem: true }, { env: { TMPDIR: "/paperclip/tmp" } }),
    ).containers;
    const variables = container?.env?.filter(({ name }) => name === "TMPDIR");
    expect(variables).toEqual([expect.objectContaining({ valueFrom: expect.anything() })]);
  });

  it("is the pod as it is where the policy says nothing", () => {
    expect(planOf({}).job).toEqual(planOf({ readOnlyRootFilesystem: false }).job);
    expect(podOf(planOf({}))).not.toHaveProperty("hostUsers");
  });

  it("is the probe's as well", () => {
    expect(planOf(ALL).hardening).toEqual(ALL);
  });
});

describe("a cluster that does not know a field", () => {
  const without = ({ job }: RunPlan, change: (pod: Record<string, Record<string, unknown>>) => void): Job => {
    const stored = structuredClone(job);
    change(stored.spec?.template.spec as unknown as Record<string, Record<string, unknown>>);
    return stored;
  };

  it("is named with the version that does", () => {
    const plan = planOf(ALL);
    expect(droppedHardening(plan.job, plan.hardening)).toBeNull();
    const noUsers = without(plan, (pod) => delete pod.hostUsers);
    expect(droppedHardening(noUsers, plan.hardening)).toBe("pod.hostUsers (Kubernetes 1.33 or newer)");
    const old = without(plan, ({ securityContext }) => {
      delete securityContext?.appArmorProfile;
      delete securityContext?.supplementalGroupsPolicy;
    });
    expect(droppedHardening(old, plan.hardening)).toBe(
      "pod.appArmorProfile (Kubernetes 1.30 or newer) and pod.supplementalGroupsPolicy (Kubernetes 1.33 or newer)",
    );
  });

  it("is not asked for what it does anyway", () => {
    const plan = planOf({ hostUsers: true, supplementalGroupsPolicy: "Merge" });
    const stored = without(plan, (pod) => {
      delete pod.hostUsers;
      delete pod.securityContext?.supplementalGroupsPolicy;
    });
    expect(droppedHardening(stored, plan.hardening)).toBeNull();
  });
});

describe("the egress profile", () => {
  it("is a label of the pod, and no agent's own labels set it", () => {
    const labels = (config: Record<string, unknown>) =>
      planOf({}, config).job.spec?.template.metadata?.labels?.["paperclip.io/egress"];
    expect(labels({})).toBeUndefined();
    expect(labels({ egress: "model-only" })).toBe("model-only");
    expect(labels({ labels: { "paperclip.io/egress": "open" } })).toBeUndefined();
  });
});
