import { resolve } from "node:path";
import type { DemoOptions } from "./options.ts";
import type { Place } from "./place.ts";

export async function openPlace({ cluster }: DemoOptions): Promise<Place> {
  if (!cluster) return (await import("./devcluster-place.ts")).openDevcluster();
  return {
    ...cluster,
    kubeconfig: resolve(cluster.kubeconfig),
    name: `that of ${cluster.kubeconfig}${cluster.context ? `, context ${cluster.context}` : ""}`,
    remark: "",
    local: false,
    stop: async () => {},
  };
}
