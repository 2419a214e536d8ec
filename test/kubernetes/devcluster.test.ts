import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { type Devcluster, fastTimings, startDevcluster } from "../../devcluster/src/index.ts";
import { missingRights } from "../../src/kubernetes/access.ts";
import { KubernetesClient } from "../../src/kubernetes/client.ts";
import { type Cluster, openCluster } from "../../src/kubernetes/cluster.ts";
import { jobs, pods, secrets } from "../../src/kubernetes/resource-types.ts";
import { type Observation, Observer } from "../../src/kubernetes/watch/observer.ts";
import { eventually } from "./support/eventually.ts";

// Real sockets on a machine that may be busy: nothing here waits that long when all is well.
vi.setConfig({ testTimeout: 30_000 });

let devcluster: Devcluster;
let directory: string;
let cluster: Cluster;
let client: KubernetesClient;

beforeAll(async () => {
  devcluster = await startDevcluster({ images: { "test:1": {} }, timings: fastTimings });
  directory = await mkdtemp(path.join(tmpdir(), "kubernetes-test-"));
  const kubeconfig = path.join(directory, "kubeconfig");
  await writeFile(kubeconfig, devcluster.kubeconfig);
  cluster = await openCluster({ kubeconfig });
  client = new KubernetesClient(cluster);
});
afterEach(() => devcluster.faults.clear());
afterAll(async () => {
  await cluster.close();
  await devcluster.stop();
  await rm(directory, { recursive: true, force: true });
});

function job(name: string, script: string) {
  const labels = { "test/run": name };
  const container = { name: "main", image: "test:1", command: ["/bin/sh", "-c", script] };
  const template = { metadata: { labels }, spec: { restartPolicy: "Never", containers: [container] } };
  return { metadata: { name, labels }, spec: { backoffLimit: 0, template } };
}

/** Resolves with the first observation that fits. */
function sees(observer: Observer, fits: (observation: Observation) => boolean): Promise<Observation> {
  return new Promise((resolve) => {
    const leave = observer.observe(undefined, (observation) => {
      if (!fits(observation)) return;
      resolve(observation);
      queueMicrotask(() => leave());
    });
  });
}

const ended = ({ resource, object }: Observation) =>
  resource === "pods" && object.status?.containerStatuses?.[0]?.state?.terminated !== undefined;

test("a Job's life: created, followed, observed to its end, deleted", async () => {
  const created = await client.create(jobs, "default", job("life", "echo one; echo two; exit 3"));
  const observer = new Observer(client, { namespace: "default", labelSelector: "test/run=life" });
  const end = sees(observer, ended);
  const running = await sees(
    observer,
    ({ resource, object }) => resource === "pods" && object.status?.phase === "Running",
  );
  const follow = { namespace: "default", pod: running.object.metadata.name, container: "main", follow: true };
  const log = await client.openLog(follow, new AbortController().signal);
  if (log.kind !== "open") throw new Error(`the log is ${log.kind}`);
  let text = "";
  for await (const chunk of log.body) text += chunk.toString();
  expect(text).toBe("one\ntwo\n");
  expect(await log.end).toEqual({ end: "clean" });
  expect((await end).object.status).toMatchObject({ containerStatuses: [{ state: { terminated: { exitCode: 3 } } }] });
  const gone = sees(observer, ({ type, resource }) => type === "DELETED" && resource === "pods");
  expect(await client.delete(jobs, "default", "life", { uid: created.metadata.uid })).toBe("accepted");
  expect(ended(await gone)).toBe(true);
  expect(await client.delete(jobs, "default", "life")).toBe("absent");
});

test("a create whose answer is lost is ambiguous, and the object is there", async () => {
  devcluster.faults.add({
    match: { method: "POST", path: /secrets/ },
    action: { kind: "drop", when: "after" },
    count: 1,
  });
  const secret = { metadata: { name: "lost" }, stringData: { prompt: "hello" } };
  await expect(client.create(secrets, "default", secret)).rejects.toMatchObject({ ambiguous: true });
  expect((await client.find(secrets, "default", "lost"))?.metadata.name).toBe("lost");
  await expect(client.create(secrets, "default", secret)).rejects.toMatchObject({ alreadyExists: true });
});

test("conditional patches and deletions, and a dry run", async () => {
  const one = await client.create(jobs, "default", {
    ...job("patched", "true"),
    spec: { ...job("patched", "true").spec, suspend: true },
  });
  const guard = (uid: string) => ({ op: "test", path: "/metadata/uid", value: uid }) as const;
  const label = { op: "add", path: "/metadata/labels/owner", value: "me" } as const;
  const two = await client.patch(jobs, "default", "patched", [guard(one.metadata.uid), label]);
  expect(two.metadata.labels).toMatchObject({ owner: "me" });
  await expect(client.patch(jobs, "default", "patched", [guard("another"), label])).rejects.toMatchObject({
    kind: "status",
    status: 422,
    ambiguous: false,
  });
  await expect(client.delete(jobs, "default", "patched", { uid: "another" })).rejects.toMatchObject({ conflict: true });
  await client.create(jobs, "default", job("dry", "true"), { dryRun: true });
  expect(await client.find(jobs, "default", "dry")).toBeUndefined();
  await client.delete(jobs, "default", "patched");
});

test("an observer comes through cut connections, 5xx and 410, and misses nothing", async () => {
  const observer = new Observer(client, { namespace: "default", labelSelector: "test/run" });
  const leave = observer.observe(undefined, () => undefined);
  await observer.synced();
  devcluster.faults.add({ match: { query: /watch=/ }, action: { kind: "respond", code: 503 }, count: 2 });
  devcluster.faults.add({ match: { query: /watch=/ }, action: { kind: "expire" }, count: 2 });
  devcluster.cutConnections();
  await eventually(() => observer.health?.jobs.state === "disconnected", "the cut is noticed");
  const seen = sees(observer, ({ type, object }) => type === "ADDED" && object.metadata.name === "stormy");
  await client.create(jobs, "default", {
    ...job("stormy", "true"),
    spec: { ...job("stormy", "true").spec, suspend: true },
  });
  await seen;
  const gone = sees(
    observer,
    ({ type, object }) => (type === "DELETED" || type === "GONE") && object.metadata.name === "stormy",
  );
  devcluster.cutConnections();
  await client.delete(jobs, "default", "stormy");
  await gone;
  leave();
  await observer.idle();
});

test("what a service account may not do is named", async () => {
  const kubeconfig = path.join(directory, "nobody");
  await writeFile(kubeconfig, devcluster.kubeconfigOf("default", "default"));
  const nobody = await openCluster({ kubeconfig });
  const rights = [{ verb: "watch", group: "", resource: "pods", namespace: "default" }];
  const missing = await missingRights(new KubernetesClient(nobody), rights);
  expect(missing.map(({ sentence }) => sentence)).toEqual(['watch pods in namespace "default"']);
  expect(await missingRights(client, rights)).toEqual([]);
  await nobody.close();
});

test("a list of pods names their kind", async () => {
  const { items } = await client.list(pods, "default");
  expect(items.every((pod) => pod.kind === "Pod" && pod.apiVersion === "v1")).toBe(true);
});

test("the server says which version it is", async () => {
  expect((await client.version()).gitVersion).toMatch(/^v1\./);
});
