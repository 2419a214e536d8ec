/** The simulated cluster, and Paperclip's API as far as the adapter asks it, in a process beside the one that is measured. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { fastTimings, measuredTimings } from "../../../devcluster/src/index.ts";
import { isBundle } from "../../../src/run/shared/names.ts";
import { startFakePaperclip } from "../../../test/cluster/support/paperclip.ts";
import type { ClusterSettings, FromCluster, ToCluster } from "./messages.ts";
import { startSimulatedCluster } from "./simulated-cluster.ts";

const settings = JSON.parse(process.argv[2] ?? "") as ClusterSettings;
const cluster = await startSimulatedCluster({ timings: settings.fast ? fastTimings : measuredTimings });
const paperclip = await startFakePaperclip();
const RESOLUTION_MS = 2;
const loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
loop.enable();
const send = (message: FromCluster): void => {
  process.send?.(message);
};

for (const name of settings.namespaces) {
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  cluster.store.create("namespaces", { metadata: { name, labels } });
}

process.on("message", (message: ToCluster) => {
  if (message.kind === "record") for (const runId of message.runIds) paperclip.set(runId, message.status);
  if (message.kind === "ended") paperclip.ended(message.runId, message.result);
  if (message.kind === "finish") cluster.node.finishAll();
  if (message.kind === "fault") {
    const { method, collection, action } = message;
    cluster.faults.add({ match: { method, path: new RegExp(`/${collection}$`) }, action });
  }
  if (message.kind === "look") look();
});
process.on("disconnect", () => process.exit());
process.on("SIGTERM", () => process.exit());
send({ kind: "ready", kubeconfig: cluster.kubeconfig, paperclipUrl: paperclip.url });

function look(): void {
  const { user, system } = process.cpuUsage();
  const isShared = ({ metadata }: { metadata: { name: string } }): boolean => isBundle(metadata.name);
  const own = (kind: string): number => cluster.store.list(kind).filter((object) => !isShared(object)).length;
  const objects = {
    ...Object.fromEntries(["jobs", "pods", "secrets", "events"].map((kind) => [kind, own(kind)])),
    bundles: cluster.store.list("secrets").filter(isShared).length,
  };
  const requests: Record<string, number> = {};
  const statuses: Record<string, number> = {};
  for (const { method, path, query, status } of cluster.requests) {
    const key = `${verbOf(method, query)} ${collectionOf(path)}`;
    requests[key] = (requests[key] ?? 0) + 1;
    statuses[status] = (statuses[status] ?? 0) + 1;
  }
  const loopP99Ms = Math.max(0, loop.percentile(99) / 1e6 - RESOLUTION_MS);
  loop.reset();
  send({ kind: "look", cpuMs: (user + system) / 1000, loopP99Ms, objects, requests, statuses });
}

function verbOf(method: string, query: string): string {
  if (query.includes("watch=true")) return "WATCH";
  return query.includes("follow=true") ? "FOLLOW" : method;
}

function collectionOf(path: string): string {
  const [, collection = path, name, subresource] =
    /\/namespaces\/[^/]+\/([^/]+)(?:\/([^/]+))?(?:\/(.+))?$/.exec(path) ?? [];
  return `${collection}${name === undefined ? "" : "/NAME"}${subresource === undefined ? "" : `/${subresource}`}`;
}
