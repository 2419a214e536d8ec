/**
 * What one run is to etcd and to a watch: the bytes of its objects and of the events that tell of them, as JSON on the wire.
 *
 *     node bench/scale/sizes.ts
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fastTimings } from "../../devcluster/src/index.ts";
import { execute } from "../../src/run/execute.ts";
import { isBundle } from "../../src/run/shared/names.ts";
import { contextOf, SERVER_ENV, settingsOf } from "../../test/cluster/support/context.ts";
import { trustAgents } from "../../test/support/policy.ts";
import { agentCommand } from "./agent.ts";
import { startSimulatedCluster } from "./cluster/simulated-cluster.ts";
import { table } from "./figures/living.ts";

const NAMESPACE = "scale";
const folder = await mkdtemp(join(tmpdir(), "bench-scale-"));
const cluster = await startSimulatedCluster({ timings: fastTimings });
const kubeconfig = join(folder, "kubeconfig");
await writeFile(kubeconfig, cluster.kubeconfig, { mode: 0o600 });
cluster.store.create("namespaces", { metadata: { name: NAMESPACE } });

/** Kind → what was written of it. */
const writes = new Map<string, { events: number; bytes: number; largest: number }>();
const stop = cluster.store.onWrite(({ event: { type, resource, object } }) => {
  const bytes = Buffer.byteLength(JSON.stringify({ type, object }));
  const kind = isBundle(object.metadata.name) ? `${resource} (shared)` : resource;
  const so = writes.get(kind) ?? { events: 0, bytes: 0, largest: 0 };
  writes.set(kind, { events: so.events + 1, bytes: so.bytes + bytes, largest: Math.max(so.largest, bytes) });
});
const config = { command: agentCommand({ lines: 2, periodMs: 50 }) };
const settings = settingsOf({ kubeconfig, namespace: NAMESPACE, image: "scale:simulated" }, { agent: "", config });
const ctx = contextOf(settings, { onLog: async () => undefined, signal: new AbortController().signal });
const gone = Promise.withResolvers<void>();
const untilGone = cluster.store.subscribe(({ type, resource }) => {
  if (type === "DELETED" && resource === "secrets") gone.resolve();
});
await execute(ctx, { env: SERVER_ENV, readPolicy: trustAgents, paperclipUrl: () => null });
await gone.promise;
untilGone();
stop();
const rows = [...writes]
  .filter(([kind]) => ["jobs", "pods", "secrets", "events"].includes(kind.replace(/ .*/, "")))
  .map(([kind, { events, bytes, largest }]) => [kind, events, largest, bytes]);
console.log(table(["kind", "writes of a run", "largest object, bytes", "all writes, bytes"], rows));
await cluster.stop();
await rm(folder, { recursive: true, force: true });
