/** What the simulated cluster sends, the devcluster sends: the same run through both, as the wire has it. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { agentCommand } from "../../bench/scale/agent.ts";
import { type SimulatedCluster, startSimulatedCluster } from "../../bench/scale/cluster/simulated-cluster.ts";
import {
  fastTimings,
  type KubeObject,
  measuredTimings,
  startDevcluster,
  type Timings,
} from "../../devcluster/src/index.ts";
import { hasCondition, jobEnded, jobReady, podGone } from "../../devcluster/test/node/support/cluster.ts";
import { parseLine, type Seen, seen } from "../../devcluster/test/node/support/shape.ts";
import { KubernetesClient } from "../../src/kubernetes/client.ts";
import { openCluster } from "../../src/kubernetes/cluster.ts";
import { jobs } from "../../src/kubernetes/resource-types.ts";
import { execute } from "../../src/run/execute.ts";
import { ANNOTATIONS } from "../../src/run/shared/names.ts";
import { contextOf, freshId, SERVER_ENV, settingsOf } from "../cluster/support/context.ts";
import { trustAgents } from "../support/policy.ts";
import { type Collection, logShape, shapesOf, watchWire } from "./support/wire.ts";

const IMAGE = "agent:test";
const NAMESPACE = "scale";
const COLLECTIONS = ["jobs", "pods", "secrets", "events"] as const;

interface Sent {
  readonly shapes: Record<Collection, string[]>;
  readonly log: string[];
  readonly verdict: unknown;
}

type Cluster = Pick<Awaited<ReturnType<typeof startDevcluster>>, "kubeconfig" | "store" | "stop">;

/** One run from its creation to its removal, or to its Stop, as watchers and a reader of its log see it. */
async function sentBy(cluster: Cluster, { stopped }: { readonly stopped: boolean }): Promise<Sent> {
  const kubeconfig = join(tmpdir(), `scale-${freshId()}`);
  await writeFile(kubeconfig, cluster.kubeconfig, { mode: 0o600 });
  cluster.store.create("namespaces", { metadata: { name: NAMESPACE } });
  const opened = await openCluster({ kubeconfig });
  const client = new KubernetesClient(opened);
  const over = new AbortController();
  const watching = COLLECTIONS.map((one) => [one, watchWire(client, NAMESPACE, one, over.signal)] as const);
  const pods = Object.fromEntries(watching).pods;
  await Promise.all(watching.map(([, { until }]) => until(({ type }) => type === "BOOKMARK")));
  const stop = new AbortController();
  const command = agentCommand({ lines: stopped ? 10_000 : 3, periodMs: 100 });
  const settings = settingsOf(
    { kubeconfig, namespace: NAMESPACE, image: IMAGE },
    { agent: "", config: { command, retainJobs: true } },
  );
  const onLog = async (_: string, chunk: string): Promise<void> => {
    if (stopped && chunk.includes("n=3 ")) stop.abort(new Error("Cancelled by a board operator"));
  };
  const result = execute(contextOf(settings, { onLog, signal: stop.signal }), {
    env: SERVER_ENV,
    readPolicy: trustAgents,
    paperclipUrl: () => null,
  });
  await pods?.until(({ object }) => (object.status as { phase?: string })?.phase === "Running");
  const pod = pods?.events.findLast(({ type }) => type === "MODIFIED")?.object.metadata as { name: string };
  const path = `/api/v1/namespaces/${NAMESPACE}/pods/${pod.name}/log`;
  const query = { follow: true, timestamps: true };
  const answer = await client.transport.send(
    { request: { verb: "get", resource: "pods/log" }, method: "GET", path, query },
    over.signal,
  );
  const [log, { resultJson }] = await Promise.all([text(answer.body), result]);
  // The adapter would be as quick as the controllers, and now one, now the other the first.
  if (!stopped) {
    const { jobs: watched } = Object.fromEntries(watching);
    const ended = await watched?.until(({ object }) => hasCondition(object as unknown as KubeObject, "Complete"));
    await client.delete(jobs, NAMESPACE, String(ended?.object.metadata.name));
  }
  await pods?.until(({ type }) => type === "DELETED");
  // What the Job owns goes in any order; a stopped one is kept, with its Secret.
  if (!stopped) await Object.fromEntries(watching).secrets?.until(({ type }) => type === "DELETED");
  over.abort();
  await opened.close();
  await cluster.stop();
  await rm(kubeconfig);
  const shapes = Object.fromEntries(watching.map(([name, { events }]) => [name, shapesOf(events)]));
  return { shapes: shapes as Sent["shapes"], log: logShape(log), verdict: resultJson?.verdict };
}

const ofDevcluster = async (stopped: boolean): Promise<Sent> => {
  const images = { [IMAGE]: { path: [dirname(process.execPath)] } };
  return sentBy(await startDevcluster({ images, timings: fastTimings }), { stopped });
};
const ofSimulation = async (stopped: boolean): Promise<Sent> =>
  sentBy(await startSimulatedCluster({ timings: fastTimings }), { stopped });

describe("a run on the simulated cluster and on the devcluster", () => {
  it("that ends by itself: the same objects, events and log", async () => {
    const [simulated, real] = await Promise.all([ofSimulation(false), ofDevcluster(false)]);
    expect(withoutMark(simulated)).toEqual(withoutMark(real));
    for (const { shapes } of [simulated, real]) expect(shapes.jobs.at(-1)).toContain(COLLECTED);
    expect(simulated.verdict).toBe("completed");
    expect(simulated.log).toHaveLength(6);
  });

  it("that is stopped: the same pod, and the same log but for when its agent hears of it", async () => {
    const [simulated, real] = await Promise.all([ofSimulation(true), ofDevcluster(true)]);
    expect(simulated.verdict).toBe("cancelled");
    expect(statuses(simulated)).toEqual(statuses(real));
    expect(simulated.log.slice(0, 4)).toEqual(real.log.slice(0, 4));
    expect(simulated.log.slice(-2)).toEqual(real.log.slice(-2));
  });
});

const COLLECTED = `.metadata.annotations.${ANNOTATIONS.collected}`;

/** The adapter marks the Job now before, now behind the controller's next word on it, which are compared by themselves. */
const withoutMark = ({ shapes, ...sent }: Sent) => {
  const told = shapes.jobs.map((shape) => shape.split("\n").filter((line) => !line.startsWith(COLLECTED)));
  const words = told.map((lines) => lines.join("\n"));
  return { ...sent, shapes: { ...shapes, jobs: words.filter((shape, index) => shape !== words[index - 1]) } };
};

/** The Job controller and the Stop race for what else a pod has. */
const statuses = ({ shapes }: Sent): string[] => {
  const told = shapes.pods.map((shape) => shape.split("\n").filter((line) => !/^\.(metadata|spec)/.test(line)));
  return told.map((lines) => lines.join("\n")).filter((shape, index, all) => shape !== all[index - 1]);
};

/** As the devcluster is held to them: the measured times, shortened, and a pod that is counted before it goes. */
const SHORTER = Object.fromEntries(Object.entries(measuredTimings).map(([name, ms]) => [name, ms * 0.4]));
const timings = { ...SHORTER, jobSync: 600, podRemoved: 1500, podGarbageCollector: 1000 } as unknown as Timings;

describe("a pod of the simulated cluster, beside recordings of a real one", () => {
  it("that ends by itself", async () => {
    expect(await simulatedPod(() => undefined)).toEqual(await recording("success"));
  });

  it("that is deleted while it runs", async () => {
    const remove = ({ store }: SimulatedCluster, pod: string) => store.delete("pods", NAMESPACE, pod);
    expect(await simulatedPod(remove)).toEqual(await recording("delpod"));
  });
});

const agentPod = {
  restartPolicy: "Never",
  terminationGracePeriodSeconds: 5,
  containers: [{ name: "main", image: IMAGE }],
  volumes: [{ name: "run", secret: { secretName: "run" } }],
};

/** What a watcher sees of the pod of a Job, which is let end, or to which something is done as soon as it is ready. */
async function simulatedPod(act: (cluster: SimulatedCluster, pod: string) => unknown): Promise<string[]> {
  const cluster = await startSimulatedCluster({ timings });
  const { store } = cluster;
  const told: Seen[] = [];
  const over = Promise.withResolvers<void>();
  store.subscribe((event) => {
    const line = seen(event);
    if (line?.kind === "pod") told.push(line);
    if (jobReady(event)) {
      const [pod] = store.list("pods", NAMESPACE);
      if (act(cluster, pod?.metadata.name ?? "") === undefined) cluster.node.finishAll();
    }
    if (podGone(event) || (jobEnded(event) && hasCondition(event.object, "Complete"))) over.resolve();
  });
  store.create("namespaces", { metadata: { name: NAMESPACE } });
  const run = Buffer.from(JSON.stringify({ command: agentCommand({ lines: 10_000, periodMs: 100 }) }));
  store.create("secrets", {
    metadata: { name: "run", namespace: NAMESPACE },
    data: { "run.json": run.toString("base64") },
  });
  store.create("jobs", {
    metadata: { name: "job", namespace: NAMESPACE },
    spec: { backoffLimit: 0, template: { spec: agentPod } },
  });
  await over.promise;
  await cluster.stop();
  return shapesOfPod(told);
}

/** But for what the container left as its message. */
const shapesOfPod = (lines: readonly Seen[]): string[] =>
  lines
    .map(
      ({ type, shape }) =>
        `${type} ${shape.replace(/\\"message\\":\\"(?:[^"\\]|\\\\.|\\(?!"))*?\\",(?=\\"startedAt)/, "")}`,
    )
    .filter((line, index, all) => line !== all[index - 1]);

async function recording(name: string): Promise<string[]> {
  const file = new URL(`../../devcluster/test/fixtures/kubernetes-1.36/${name}.txt`, import.meta.url);
  const lines = (await readFile(file, "utf8")).split("\n").map(parseLine);
  const pods = lines.filter((line) => line?.kind === "pod").map((line) => line as Seen);
  return shapesOfPod(pods.toSorted((one, other) => one.revision - other.revision));
}
