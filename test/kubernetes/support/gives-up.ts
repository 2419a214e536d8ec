// Gives up requests whose bodies the server does not read; then, told so on stdin, makes another one.
import { once } from "node:events";
import { KubernetesClient } from "../../../src/kubernetes/client.ts";
import { openCluster } from "../../../src/kubernetes/cluster.ts";
import { pods, secrets } from "../../../src/kubernetes/resource-types.ts";

const REQUESTS = 12;
const secret = { apiVersion: "v1", kind: "Secret", metadata: {}, stringData: { large: "x".repeat(300_000) } } as const;

const cluster = await openCluster({ kubeconfig: process.argv[2] });
// The connection is there before: what waits is the bodies.
await new KubernetesClient(cluster).get(pods, "runs", "p");
const client = new KubernetesClient(cluster, { requestTimeoutMs: 1000, retryForMs: 0 });
const create = (_: unknown, index: number): Promise<unknown> =>
  client.create(secrets, "runs", { ...secret, metadata: { name: `s${index}` } });
const ends = await Promise.allSettled(Array.from({ length: REQUESTS }, create));
console.log(`given up: ${ends.filter(({ status }) => status === "rejected").length}`);
await once(process.stdin, "data");
await new KubernetesClient(cluster).get(pods, "runs", "p");
console.log("answered");
process.exit();
