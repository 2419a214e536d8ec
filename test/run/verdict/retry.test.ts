/** What Paperclip is to try again by itself: what can succeed later with nothing changed, and nothing else. */
import { expect, test } from "vitest";
import type { Observation } from "../../../src/run/observe/evidence/reduce.ts";
import { judge } from "../../../src/run/verdict/verdict.ts";
import { ANSWERED, agent, container, ended, evidenceOf, job, pod, RUNNING, T0 } from "../support/evidence.ts";

const LATER = "transient_upstream";

const familyOf = (...seen: Observation[]) => {
  const verdict = judge(evidenceOf([job(), ...seen]));
  return verdict.kind === "completed" ? "completed" : verdict.errorFamily;
};

const disrupted = (reason: string): Observation =>
  pod({
    phase: "Failed",
    conditions: [{ type: "DisruptionTarget", status: "True", reason }],
    containerStatuses: [container({ terminated: { exitCode: 143 } })],
  });

test.each(["EvictionByEvictionAPI", "PreemptionByScheduler", "TerminationByKubelet", "DeletionByPodGC"])(
  "a pod that the cluster took (%s), with the agent's session kept",
  (reason) => {
    const verdict = judge(evidenceOf([job(), pod(RUNNING), disrupted(reason), agent(ANSWERED)]));
    expect(verdict).toMatchObject({ errorFamily: LATER, clearSession: false, sessionId: ANSWERED.sessionId });
  },
);

test("not a pod on a node that does not answer, where its agent may be at work", () => {
  const conditions = [{ type: "DisruptionTarget", status: "True", reason: "DeletionByTaintManager" }];
  const lost = { ...pod({ ...RUNNING, conditions }), deleted: true } as Observation;
  expect(familyOf(pod(RUNNING), lost, agent(ANSWERED))).toBeNull();
});

test.each([
  ["The node was low on resource: memory.", LATER],
  ["The node was low on resource: ephemeral-storage.", LATER],
  ["Pod ephemeral local storage usage exceeds the total limit of containers 1Gi.", null],
  ['Usage of EmptyDir volume "home" exceeds the limit "1Gi".', null],
  ['Container claude exceeded its local ephemeral storage limit "1Gi".', null],
])("an eviction by the node: %s", (message, family) => {
  expect(familyOf(pod(RUNNING), pod({ phase: "Failed", reason: "Evicted", message }), agent(ANSWERED))).toBe(family);
});

test("not an agent that ran out of memory, nor one that crashed", () => {
  expect(familyOf(ended(137, { reason: "OOMKilled" }), agent(ANSWERED))).toBeNull();
  expect(familyOf(ended(1), agent(ANSWERED))).toBeNull();
});

test.each([
  ["Unschedulable", "0/3 nodes are available: 3 Insufficient cpu.", LATER],
  ["Unschedulable", 'persistentvolumeclaim "home" not found', null],
  ["FailedAttachVolume", "Multi-Attach error for volume pvc-1", LATER],
  ["FailedMount", 'secret "gh" not found', null],
  ["FailedCreatePodSandBox", "failed to assign an IP address", LATER],
  ["ImagePullBackOff", "dial tcp 10.0.0.9:443: i/o timeout", LATER],
  ["ImagePullBackOff", "toomanyrequests: 429 Too Many Requests", LATER],
  ["ImagePullBackOff", "manifest unknown", null],
  ["ImagePullBackOff", "401 Unauthorized", null],
  ["CreateContainerConfigError", "container has runAsNonRoot and image will run as root", null],
  ["FailedCreate", 'pods "x" is forbidden: exceeded quota: team', LATER],
  ["FailedCreate", 'failed calling webhook "mutate.kyverno.svc"', LATER],
  ["FailedCreate", 'violates PodSecurity "restricted:latest"', null],
  ["OutOfcpu", "Node didn't have enough resource: cpu", LATER],
])("a pod that could not start: %s: %s", (reason, message, family) => {
  const waiting = { state: "unscheduled", reason, message, fix: null, patience: "fatal" } as const;
  const gaveUp: Observation = { kind: "act", act: { kind: "gave-up", waiting, waitedSec: 9, at: T0 } };
  expect(familyOf(pod({ phase: "Pending" }), gaveUp)).toBe(family);
});

test.each([
  [true, LATER],
  [false, null],
  [undefined, null],
])("a fault of the adapter's side, transient: %s", (transient, family) => {
  const fault = { code: "k8s_job_create_failed", message: "x", fix: null, status: 503, fatal: true, at: T0 };
  const seen: Observation = { kind: "fault", fault: transient === undefined ? fault : { ...fault, transient } };
  const verdict = judge(evidenceOf([seen]));
  expect(verdict.kind === "completed" ? "" : verdict.errorFamily).toBe(family);
});
