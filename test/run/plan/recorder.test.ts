/** The pod of a run whose record is kept by a container of its own. */
import { describe, expect, it } from "vitest";
import { lacksSidecars } from "../../../src/run/plan/recorder.ts";
import { planRun } from "../../../src/run/plan/run-plan.ts";
import { transcriptCopyOf } from "../../../src/run/plan/transcript-copy.ts";
import { readRunTerms, recordedBy } from "../../../src/run/shared/run-terms.ts";
import { policyOf } from "../../support/policy.ts";
import { agentOf, hostPod, input, podOf } from "../support/plan-input.ts";

const policy = policyOf({ trust: "full", home: "shared", recorder: "separate" });
const plan = planRun(input({ agent: agentOf({ image: "img:1" }, policy), hostPod }));
const pod = podOf(plan);
const [recorder] = pod.initContainers ?? [];
const [claude] = pod.containers;

describe("a recorder of its own", () => {
  it("is a sidecar of the agent's image under another user, within the restricted level and every quota", () => {
    expect(pod.initContainers).toHaveLength(1);
    expect(recorder).toMatchObject({
      name: "recorder",
      restartPolicy: "Always",
      image: claude?.image,
      resources: { requests: { cpu: "200m", memory: "64Mi" }, limits: { cpu: "800m", memory: "256Mi" } },
      securityContext: { runAsUser: 1002, runAsNonRoot: true, allowPrivilegeEscalation: false },
    });
    expect(recorder?.securityContext?.capabilities).toEqual({ drop: ["ALL"] });
    expect(pod.securityContext?.runAsUser).toBe(1001);
  });

  it("gets nothing of the agent's, and the agent cannot write where it listens, nor see its copy", () => {
    expect(recorder?.env).toBeUndefined();
    const mounts = (of: typeof recorder) => of?.volumeMounts?.map(({ name, readOnly }) => [name, readOnly === true]);
    expect(mounts(recorder)).toEqual([
      ["run", true],
      ["recorder", false],
      ["transcript", false],
    ]);
    expect(mounts(claude)).toContainEqual(["recorder", true]);
    expect(mounts(claude)?.map(([name]) => name)).not.toContain("transcript");
    expect(pod.volumes).toContainEqual({ name: "recorder", emptyDir: { sizeLimit: "1Mi" } });
    expect((pod as { shareProcessNamespace?: boolean }).shareProcessNamespace).toBeUndefined();
  });

  it("has the transcript's copy in the pod, on a shared home too, and a Job says so", () => {
    expect(transcriptCopyOf(plan.job)).toEqual({ kind: "folder", path: "/run/claude-k8s-transcript/" });
    expect(claude?.command?.slice(-2)).toEqual(["/run/claude-k8s-recorder", "send"]);
    expect(recorder?.command?.at(-1)).toBe("record");
  });

  it("is known to whoever adopts the Job", () => {
    const terms = readRunTerms(plan.job);
    expect(terms?.facts.recorder).toBe("separate");
    expect(terms && recordedBy(terms.facts)).toBe("recorder");
    const same = readRunTerms(planRun(input()).job);
    expect(same?.facts).not.toHaveProperty("recorder");
    expect(same && recordedBy(same.facts)).toBe("claude");
  });

  it("is missed where the cluster has dropped what makes it a sidecar", () => {
    expect(lacksSidecars(plan.job)).toBe(false);
    expect(lacksSidecars(planRun(input()).job)).toBe(false);
    const stored = structuredClone(plan.job);
    for (const init of stored.spec?.template.spec?.initContainers ?? [])
      delete (init as { restartPolicy?: string }).restartPolicy;
    expect(lacksSidecars(stored)).toBe(true);
  });
});
