/** Kueue as it was measured (0.19.2 on 1.36.2), through the API alone. */
import { afterEach, describe, expect, it } from "vitest";
import type { Devcluster } from "../../src/index.ts";
import type { Body, Client } from "../api/client.ts";
import { useCluster } from "../api/use-cluster.ts";

const NS = "/apis/batch/v1/namespaces/default/jobs";
const KUEUE = "/apis/kueue.x-k8s.io/v1beta2";
const QUEUE = "kueue.x-k8s.io/queue-name";
const MERGE = { "content-type": "application/merge-patch+json" };

let cluster: Devcluster;
let api: Client;
useCluster(
  async (made, client) => {
    [cluster, api] = [made, client];
    await queue("lq", "cq", {});
  },
  { kueue: {} },
);

async function queue(local: string, clusterQueue: string, more: object): Promise<void> {
  const flavors = [{ name: "flavor", resources: [{ name: "cpu", nominalQuota: "200m" }] }];
  const spec = {
    preemption: { withinClusterQueue: "LowerPriority" },
    resourceGroups: [{ coveredResources: ["cpu"], flavors }],
    ...more,
  };
  await api.call("POST", `${KUEUE}/clusterqueues`, { body: { metadata: { name: clusterQueue }, spec } });
  const body = { metadata: { name: local }, spec: { clusterQueue } };
  await api.call("POST", `${KUEUE}/namespaces/default/localqueues`, { body });
}

interface JobOptions {
  readonly labels?: object;
  readonly annotations?: object;
  readonly cpu?: string;
  readonly script?: string;
  readonly suspend?: boolean;
}

const SLEEPS = "trap 'exit 143' TERM; while :; do sleep 0.05; done";

async function create(
  name: string,
  { labels = {}, annotations = {}, cpu = "100m", script = SLEEPS, suspend = true }: JobOptions = {},
) {
  const containers = [
    { name: "main", image: "busybox:1.36", command: ["sh", "-c", script], resources: { requests: { cpu } } },
  ];
  const template = { spec: { restartPolicy: "Never", terminationGracePeriodSeconds: 2, containers } };
  const spec = { suspend, backoffLimit: 0, podReplacementPolicy: "Failed", template };
  return api.call("POST", NS, { body: { metadata: { name, labels, annotations }, spec } });
}

const get = async (name: string): Promise<Body> => (await api.call("GET", `${NS}/${name}`)).body;
const patch = (name: string, body: object) => api.call("PATCH", `${NS}/${name}`, { body, headers: MERGE });
const label = (name: string, value: string | null = "lq") => patch(name, { metadata: { labels: { [QUEUE]: value } } });

async function eventually<T>(look: () => Promise<T | undefined | false>): Promise<T> {
  for (let tries = 0; tries < 400; tries++) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("it did not come");
}

const until = (name: string, holds: (job: Body) => boolean) =>
  eventually(async () => {
    const job = await get(name);
    return holds(job) && job;
  });
const runs = (name: string) =>
  until(name, ({ spec, status }) => spec.suspend === false && status.active === 1 && status.ready === 1);
const pods = async (job: string) =>
  (await api.call("GET", `/api/v1/namespaces/default/pods?labelSelector=job-name=${job}`)).body.items;
const events = async (name: string) =>
  (await api.call("GET", "/api/v1/namespaces/default/events")).body.items.filter(
    (event) => (event.involvedObject as { name: string }).name === name,
  );
const workload = async (job: string): Promise<Body | undefined> => {
  const { uid } = (await get(job)).metadata;
  const selector = encodeURIComponent(`kueue.x-k8s.io/job-uid=${uid}`);
  return (await api.call("GET", `${KUEUE}/namespaces/default/workloads?labelSelector=${selector}`)).body.items[0];
};
const condition = async (job: string, type: string) =>
  (
    ((await workload(job))?.status.conditions ?? []) as {
      type: string;
      status: string;
      reason: string;
      message: string;
    }[]
  ).find((one) => one.type === type);

afterEach(async () => {
  cluster.kueue?.up();
  for (const { metadata } of (await api.call("GET", NS)).body.items)
    await api.call("DELETE", `${NS}/${metadata.name}`, { body: { propagationPolicy: "Background" } });
  await eventually(async () => (await api.call("GET", "/api/v1/namespaces/default/pods")).body.items.length === 0);
});

describe("the label", () => {
  it("on a suspended Job lets Kueue start it; its template gets the queue's labels", async () => {
    await create("a1");
    expect((await label("a1")).code).toBe(200);
    const job = await runs("a1");
    const template = job.spec.template as { metadata: { labels: object } };
    expect(template.metadata.labels).toMatchObject({
      "kueue.x-k8s.io/cluster-queue-name": "cq",
      "kueue.x-k8s.io/podset": "main",
    });
    const started = (await events("a1")).find(({ reason }) => reason === "Started");
    expect(started).toMatchObject({
      message: "Admitted by clusterQueue cq",
      reportingComponent: "batch/job-kueue-controller",
    });
    expect(started?.lastTimestamp).toBeFalsy();
    expect(started?.eventTime).toBeTruthy();
  });

  it.each(["with suspend: false", "on a Job that runs"])("%s is refused with 403", async (when) => {
    await create("a2", { suspend: when === "with suspend: false" });
    const spec = when === "with suspend: false" ? { spec: { suspend: false } } : {};
    const { code, body } = await patch("a2", { metadata: { labels: { [QUEUE]: "lq" } }, ...spec });
    expect(code).toBe(403);
    expect(body).toMatchObject({
      reason: "Forbidden",
      message: `admission webhook "vjob.kb.io" denied the request: metadata.labels[${QUEUE}]: Invalid value: "lq": field is immutable`,
    });
  });

  it("at birth makes it suspended; a LocalQueue named default puts it on every Job", async () => {
    const labelled = await create("a3", { labels: { [QUEUE]: "lq" }, suspend: false });
    expect(labelled.body.spec.suspend).toBe(true);
    await queue("default", "cq2", {});
    const { body } = await create("a4", { annotations: { "kueue.x-k8s.io/admission-gated-by": "example.com/x" } });
    expect(body.metadata.labels).toMatchObject({ [QUEUE]: "default" });
    await eventually(async () => (await condition("a4", "QuotaReserved"))?.reason === "AdmissionGated");
    await patch("a4", { metadata: { annotations: { "kueue.x-k8s.io/admission-gated-by": null } } });
    await runs("a4");
    const { code } = await patch("a4", { metadata: { annotations: { "kueue.x-k8s.io/admission-gated-by": "a.b/c" } } });
    expect(code).toBe(403);
    await api.call("DELETE", `${KUEUE}/namespaces/default/localqueues/default`);
  });
});

it("a full queue: the first waiter is told why, an equal one behind it is not; the visibility API counts both", async () => {
  for (const name of ["b1", "b2"]) await create(name, { labels: { [QUEUE]: "lq" } });
  await Promise.all(["b1", "b2"].map(runs));
  await create("b3", { labels: { [QUEUE]: "lq" } });
  const words =
    "couldn't assign flavors to pod set main: insufficient unused quota for cpu in flavor flavor, 100m more needed";
  await eventually(async () => (await condition("b3", "QuotaReserved"))?.message === words);
  await create("b4", { labels: { [QUEUE]: "lq" } });
  await eventually(() => workload("b4"));
  expect(await condition("b4", "QuotaReserved")).toBeUndefined();
  const { body } = await api.call(
    "GET",
    `/apis/visibility.kueue.x-k8s.io/v1beta2/namespaces/default/localqueues/lq/pendingworkloads`,
  );
  expect(body.items).toMatchObject([{ positionInLocalQueue: 0 }, { positionInLocalQueue: 1 }]);
  await api.call("DELETE", `${NS}/b1`, { body: { propagationPolicy: "Background" } });
  await runs("b3");
});

it.each([
  ["more than there is", { cpu: "900m" }, "lq", /current podset request \(900m\) > maximum capacity \(200m\)/],
  ["a queue that is not there", {}, "missing", /^LocalQueue missing doesn't exist$/],
])("asking for %s waits for ever, with those words", async (_, job, name, words) => {
  await create("c1", { labels: { [QUEUE]: name }, ...job });
  await eventually(async () => words.test((await condition("c1", "QuotaReserved"))?.message ?? ""));
  expect((await get("c1")).spec.suspend).toBe(true);
});

it("an unknown priority class: neither Workload nor Event", async () => {
  await create("c2", { labels: { [QUEUE]: "lq", "kueue.x-k8s.io/priority-class": "nope" } });
  await create("c3", { labels: { [QUEUE]: "lq" } });
  await runs("c3");
  expect(await workload("c2")).toBeUndefined();
  expect((await events("c2")).filter(({ reportingComponent }) => String(reportingComponent).includes("kueue"))).toEqual(
    [],
  );
});

it("preemption: stopping annotation and suspension in one update, a new pod afterwards, no failure", async () => {
  await api.call("POST", `${KUEUE}/workloadpriorityclasses`, { body: { metadata: { name: "high" }, value: 100 } });
  for (const name of ["d1", "d2"]) await create(name, { labels: { [QUEUE]: "lq" } });
  await Promise.all(["d1", "d2"].map(runs));
  const [first] = await pods("d2");
  const seen = api.watch(`${NS}?watch=1`, (all) =>
    all.some(({ object }) => object.metadata.annotations?.["kueue.x-k8s.io/stopping"] === "true"),
  );
  await create("d3", { labels: { [QUEUE]: "lq", "kueue.x-k8s.io/priority-class": "high" }, script: "exit 0" });
  const stopping = (await seen).at(-1)?.object;
  expect(stopping?.spec.suspend).toBe(true);
  expect(stopping?.status.startTime).toBeUndefined();
  const victim = stopping?.metadata.name ?? "";
  await until("d3", ({ status }) => status.succeeded === 1);
  await runs(victim);
  const [second] = await pods(victim);
  if (victim === "d2") expect(second?.metadata.uid).not.toBe(first?.metadata.uid);
  expect((await get(victim)).status.failed).toBeUndefined();
  const stopped = (await events(victim)).find(({ reason }) => reason === "Stopped");
  expect(stopped?.message).toMatch(
    /^Preempted to accommodate a workload \(UID: .+ due to prioritization in the ClusterQueue/,
  );
});

it("a client's suspension is undone, and its unsuspension too", async () => {
  await create("e1", { labels: { [QUEUE]: "lq" } });
  await runs("e1");
  const [first] = await pods("e1");
  await patch("e1", { spec: { suspend: true } });
  await eventually(async () => (await pods("e1")).some(({ metadata }) => metadata.uid !== first?.metadata.uid));
  await create("e2", { labels: { [QUEUE]: "missing" } });
  await patch("e2", { spec: { suspend: false } });
  await eventually(async () => (await events("e2")).some(({ message }) => message === "Not admitted by cluster queue"));
  expect((await get("e2")).spec.suspend).toBe(true);
});

it("HoldAndDrain ends what runs, None starts it again; a deactivated one stays suspended", async () => {
  const policy = (stopPolicy: string) =>
    api.call("PATCH", `${KUEUE}/namespaces/default/localqueues/lq`, { body: { spec: { stopPolicy } }, headers: MERGE });
  await create("f1", { labels: { [QUEUE]: "lq" } });
  await runs("f1");
  await policy("HoldAndDrain");
  await eventually(async () => (await events("f1")).some(({ message }) => message === "The LocalQueue is stopped"));
  await eventually(async () => (await condition("f1", "QuotaReserved"))?.message === "LocalQueue lq is inactive");
  await policy("None");
  await runs("f1");
  const found = await workload("f1");
  await api.call("PATCH", `${KUEUE}/namespaces/default/workloads/${found?.metadata.name}`, {
    body: { spec: { active: false } },
    headers: MERGE,
  });
  await eventually(async () => (await events("f1")).some(({ message }) => message === "The workload is deactivated"));
  const job = await get("f1");
  expect(job.spec.suspend).toBe(true);
  expect(((job.status.conditions ?? []) as { type: string }[]).map(({ type }) => type)).not.toContain("Failed");
});

it("while Kueue is down no Job is created or patched, labelled or not; a Background deletion works", async () => {
  await create("g1", { labels: { [QUEUE]: "lq" } });
  await runs("g1");
  cluster.kueue?.down();
  for (const reply of [await create("g2"), await patch("g1", { metadata: { annotations: { a: "b" } } })]) {
    expect(reply.code).toBe(500);
    expect(reply.body.message).toContain('failed calling webhook "mjob.kb.io"');
  }
  await api.call("DELETE", `${NS}/g1`, { body: { propagationPolicy: "Background" } });
  expect((await api.call("GET", `${NS}/g1`)).code).toBe(404);
});
