/**
 * A cluster of somebody else outlives the stage, whose server may end, or be killed, before it has collected its last Job.
 * Nobody would look after that then: this Paperclip's home is gone.
 */
import { leaveNothing } from "../../demo/leftovers.ts";
import { ClusterRegistry } from "../../src/kubernetes/cluster-registry.ts";
import { jobs, pods } from "../../src/kubernetes/resource-types.ts";
import { BUNDLES, LABELS } from "../../src/run/shared/names.ts";
import type { RealCluster } from "./stage-cluster.ts";

/** Deletes the Jobs of that company, and with each its Secret and pod. Resolves with what is still there in spite of it. */
export async function removeJobsOf(companyId: string, cluster: RealCluster): Promise<readonly string[]> {
  const { kubeconfig, context } = cluster;
  const lease = await new ClusterRegistry().acquire({ kubeconfig, ...(context ? { context } : {}) });
  try {
    const { client } = lease;
    const namespace = cluster.namespace ?? client.cluster.namespace;
    const labelSelector = `${LABELS.companyId}=${companyId}`;
    const sharedSelector = `${BUNDLES},${labelSelector}`;
    const [jobList, podList] = await Promise.all([
      client.list(jobs, namespace, { labelSelector }),
      client.list(pods, namespace, { labelSelector }),
    ]);
    const names = new Set([
      ...jobList.items.map(({ metadata }) => metadata?.name ?? ""),
      // Of a Job that is deleted already the pod may still be ending.
      ...podList.items.map(({ metadata }) => metadata?.labels?.["batch.kubernetes.io/job-name"] ?? ""),
    ]);
    const left: string[] = [];
    for (const jobName of names)
      left.push(...(await leaveNothing(client, { namespace, jobName, labelSelector, sharedSelector })).objects);
    return left;
  } finally {
    await lease.release();
  }
}
