/** The way to a cluster, opened once for each kubeconfig and shared by all runs of this process. */
import { type ClusterOptions, openCluster } from "../kubernetes/cluster.ts";
import { KubernetesClient } from "../kubernetes/client.ts";

const open = new Map<string, Promise<KubernetesClient>>();

/** Throws KubeconfigError. A failure is not remembered: the next run tries again. */
export function connect(options: ClusterOptions): Promise<KubernetesClient> {
  const key = JSON.stringify([options.kubeconfig ?? null, options.context ?? null]);
  const known = open.get(key);
  if (known) return known;
  const client = openCluster(options).then((cluster) => new KubernetesClient(cluster));
  client.catch(() => open.delete(key));
  open.set(key, client);
  return client;
}
