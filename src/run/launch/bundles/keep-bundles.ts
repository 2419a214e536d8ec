/** While a pod waits to start: its bundles stay, and one that somebody has removed is made again. */
import type { KubernetesClient } from "../../../kubernetes/client.ts";
import type { Waiting } from "../../observe/observe.ts";
import { bundlesOf, type RunPlan } from "../../plan/plan.ts";
import type { JobInCluster } from "../../shared/launched-run.ts";
import { forget } from "./known-bundles.ts";
import { provideBundles } from "./provide-bundles.ts";

/** Begins it: what is missing still is said while the pod waits. */
export type KeepBundles = (waiting: Waiting, signal: AbortSignal) => void;

/** Of a Job that an earlier run has made, those that this one's plan has too: only their content is known. */
export function keepBundles(client: KubernetesClient, plan: RunPlan, { object }: JobInCluster): KeepBundles {
  const mounted = bundlesOf(object);
  const own = plan.bundles.filter(({ name }) => mounted.includes(name));
  let isBusy = false;
  return ({ message }, signal) => {
    if (isBusy || own.length === 0) return;
    for (const { name } of own)
      if (message.includes(`"${name}" not found`)) forget(client.cluster, `${plan.namespace}/${name}`);
    isBusy = true;
    void provideBundles(client, plan, signal, own)
      .catch(() => "told while the pod waits")
      .finally(() => {
        isBusy = false;
      });
  };
}
