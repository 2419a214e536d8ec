import { describe, expect, test } from "vitest";
import type { KubeObject } from "../../src/types.ts";
import {
  jobEnded,
  jobGone,
  jobReady,
  kubeEvent,
  NAMESPACE,
  podGone,
  sh,
  startCluster,
  type TestCluster,
} from "../node/support/cluster.ts";

const FOREVER = 'trap "exit 143" TERM; echo up; sleep 300 & wait';

function pods(cluster: TestCluster): string[] {
  const created = cluster.events.filter(({ type, resource }) => type === "ADDED" && resource === "pods");
  return created.map(({ object }) => object.metadata.name);
}

function owned(owner: KubeObject, name: string): object {
  const { uid } = owner.metadata;
  const reference = { apiVersion: "batch/v1", kind: "Job", name: owner.metadata.name, uid };
  return { metadata: { name, namespace: NAMESPACE, ownerReferences: [reference] } };
}

describe.concurrent("a Job", () => {
  test("its pods carry its labels, its uid and the finalizer, under its name", async () => {
    await using cluster = await startCluster();
    const job = cluster.createJob("job", sh("true"));
    const { object: pod } = await cluster.until(({ resource }) => resource === "pods");
    const { name, uid } = job.metadata;
    expect(pod.metadata).toMatchObject({
      name: expect.stringMatching(/^job-[bcdfghjklmnpqrstvwxz2456789]{5}$/),
      generateName: "job-",
      labels: {
        "batch.kubernetes.io/controller-uid": uid,
        "batch.kubernetes.io/job-name": name,
        "controller-uid": uid,
        "job-name": name,
      },
      finalizers: ["batch.kubernetes.io/job-tracking"],
      ownerReferences: [{ apiVersion: "batch/v1", kind: "Job", name, uid, controller: true, blockOwnerDeletion: true }],
    });
    await cluster.until(jobEnded);
  });

  test("backoffLimit 2: two more pods, each later than the last, then Failed", async () => {
    await using cluster = await startCluster();
    cluster.createJob("job", sh("exit 1"), { backoffLimit: 2 });
    const { object } = await cluster.until(jobEnded);
    expect(object.status).toMatchObject({
      failed: 3,
      conditions: [
        { type: "FailureTarget", reason: "BackoffLimitExceeded" },
        { type: "Failed", reason: "BackoffLimitExceeded", message: "Job has reached the specified backoff limit" },
      ],
    });
    expect(pods(cluster)).toHaveLength(3);
  });

  test("a failure that a policy ignores is not counted; a second pod follows", async () => {
    await using cluster = await startCluster();
    const job = {
      podReplacementPolicy: "Failed",
      podFailurePolicy: {
        rules: [{ action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] }],
      },
    };
    cluster.createJob("job", sh(FOREVER), job);
    await cluster.until(jobReady);
    const [first = ""] = pods(cluster);
    await cluster.untilItSpeaks(first);
    cluster.store.mutate("pods", NAMESPACE, first, (draft) => {
      (draft.status as { conditions: object[] }).conditions.push({ type: "DisruptionTarget", status: "True" });
    });
    cluster.store.delete("pods", NAMESPACE, first);
    await cluster.until(podGone);
    await cluster.until(({ resource, object }) => resource === "pods" && object.metadata.name !== first);
    expect(cluster.store.get("jobs", NAMESPACE, "job")?.status).not.toHaveProperty("failed");
  });

  test("ttlSecondsAfterFinished 0: gone with its pod at once", async () => {
    await using cluster = await startCluster();
    cluster.createJob("job", sh("true"), { ttlSecondsAfterFinished: 0 });
    await cluster.until(jobEnded);
    const { object } = await cluster.until(jobGone);
    expect(object.metadata.finalizers).toEqual(["foregroundDeletion"]);
    expect(cluster.store.list("pods")).toEqual([]);
  });

  test("parallel pods: all are created, the Job completes when enough have", async () => {
    await using cluster = await startCluster();
    cluster.createJob("job", sh("true"), { parallelism: 2, completions: 3 });
    const { object } = await cluster.until(jobEnded);
    expect(object.status).toMatchObject({ succeeded: 3 });
    expect(pods(cluster)).toHaveLength(3);
  });

  test("a pod that is refused is told as FailedCreate and tried again", async () => {
    await using cluster = await startCluster();
    cluster.createJob("job", { ...sh("true"), serviceAccountName: "late" });
    const { object } = await cluster.until(kubeEvent("FailedCreate"));
    expect(object.message).toMatch(/^Error creating: pods "job-.*" is forbidden: .*serviceaccount "late" not found$/);
    cluster.store.create("serviceaccounts", { metadata: { name: "late", namespace: NAMESPACE } });
    await cluster.until(jobEnded);
  });
});

describe.concurrent("what belongs to a Job", () => {
  test("goes after it (Background)", async () => {
    await using cluster = await startCluster();
    const job = cluster.createJob("job", sh(FOREVER));
    cluster.store.create("secrets", owned(job, "prompt"));
    await cluster.until(jobReady);
    cluster.store.delete("jobs", NAMESPACE, "job", { propagationPolicy: "Background" });
    await cluster.until(({ type, resource }) => resource === "secrets" && type === "DELETED");
    await cluster.until(podGone);
  });

  test("goes before it (Foreground)", async () => {
    await using cluster = await startCluster();
    const job = cluster.createJob("job", sh(FOREVER));
    cluster.store.create("secrets", owned(job, "prompt"));
    await cluster.until(jobReady);
    cluster.store.delete("jobs", NAMESPACE, "job", { propagationPolicy: "Foreground" });
    await cluster.until(jobGone);
    const gone = cluster.events.filter(({ type }) => type === "DELETED").map(({ resource }) => resource);
    expect(gone).toEqual(["secrets", "pods", "jobs"]);
  });

  test("stays, and belongs to nobody, when it is orphaned", async () => {
    await using cluster = await startCluster();
    const job = cluster.createJob("job", sh(FOREVER));
    cluster.store.create("secrets", owned(job, "prompt"));
    await cluster.until(jobReady);
    cluster.store.delete("jobs", NAMESPACE, "job", { propagationPolicy: "Orphan" });
    await cluster.until(jobGone);
    expect(cluster.store.get("secrets", NAMESPACE, "prompt")?.metadata).not.toHaveProperty("ownerReferences");
    const [pod] = cluster.store.list("pods");
    expect(pod?.metadata).not.toHaveProperty("ownerReferences");
    expect(pod?.status).toMatchObject({ phase: "Running" });
  });

  test("an object whose owner never was is deleted", async () => {
    await using cluster = await startCluster();
    const ghost = { metadata: { name: "ghost", uid: "00000000-0000-4000-8000-000000000000" } } as KubeObject;
    cluster.store.create("secrets", owned(ghost, "stray"));
    await cluster.until(({ type, resource }) => resource === "secrets" && type === "DELETED");
  });
});

test("a namespace that is deleted takes everything with it", async () => {
  await using cluster = await startCluster();
  cluster.createJob("job", sh(FOREVER));
  await cluster.until(jobReady);
  cluster.store.delete("namespaces", "", NAMESPACE);
  expect(cluster.store.get("namespaces", "", NAMESPACE)?.status).toMatchObject({ phase: "Terminating" });
  await cluster.until(({ type, resource }) => resource === "namespaces" && type === "DELETED");
  for (const resource of ["jobs", "pods", "secrets", "events"])
    expect(cluster.store.list(resource, NAMESPACE)).toEqual([]);
});
