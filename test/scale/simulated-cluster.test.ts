/** What the simulated cluster sends, the devcluster sends: the same run through both, as the wire has it. */
import { text } from "node:stream/consumers";
import { readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { agentCommand } from "../../bench/scale/agent.ts";
import { startSimulatedCluster } from "../../bench/scale/cluster/simulated-cluster.ts";
import { parseLine, type Seen, seen } from "../../devcluster/test/node/support/shape.ts";
import { fastTimings, measuredTimings, startDevcluster, type Timings } from "../../devcluster/src/index.ts";
import { KubernetesClient } from "../../src/kubernetes/client.ts";
import { openCluster } from "../../src/kubernetes/cluster.ts";
import { execute } from "../../src/run/execute.ts";
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
  const settings = settingsOf({ kubeconfig, namespace: NAMESPACE, image: IMAGE }, { agent: "", config: { command } });
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
  await pods?.until(({ type }) => type === "DELETED");
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
  it.each([
    ["that ends by itself", false, "completed"],
    ["that is stopped", true, "cancelled"],
  ])("%s: the same objects, events and log", async (_, stopped, verdict) => {
    const [simulated, real] = await Promise.all([ofSimulation(stopped), ofDevcluster(stopped)]);
    expect(simulated.verdict).toBe(verdict);
    for (const collection of COLLECTIONS)
      expect(simulated.shapes[collection], collection).toEqual(real.shapes[collection]);
    const common = Math.min(simulated.log.length, real.log.length);
    expect(simulated.log.slice(0, stopped ? 4 : common)).toEqual(real.log.slice(0, stopped ? 4 : common));
    expect(simulated.log.slice(-2)).toEqual(real.log.slice(-2));
  });
});
