// Does one of everything, closes nothing but its streams, and must then end by itself.
import { KubernetesClient } from "../../../src/kubernetes/client.ts";
import { openCluster } from "../../../src/kubernetes/cluster.ts";
import { pods } from "../../../src/kubernetes/resource-types.ts";
import { Observer } from "../../../src/kubernetes/watch/observer.ts";

const cluster = await openCluster({ kubeconfig: process.argv[2] });
const client = new KubernetesClient(cluster);
await client.get(pods, "runs", "p");

const stop = new AbortController();
const log = await client.openLog({ namespace: "runs", pod: "p", container: "main", follow: true }, stop.signal);
if (log.kind === "open") {
  for await (const _ of log.body) stop.abort();
  await log.end;
}

const observer = new Observer(client, { namespace: "runs", labelSelector: "a=b" });
const leave = observer.observe(undefined, () => undefined);
while (observer.health?.jobs.state === "connecting") await new Promise((resolve) => setImmediate(resolve));
leave();
console.log("done");
