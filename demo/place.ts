import { resolve } from "node:path";
import type { DemoOptions } from "./options.ts";

/** The cluster that the demo's run goes to. */
export interface Place {
  /** Path of the file. */
  readonly kubeconfig: string;
  /** Null: the kubeconfig's current one. */
  readonly context: string | null;
  /** Null: that of the context. */
  readonly namespace: string | null;
  readonly image: string;
  /** Which cluster, for the user. */
  readonly name: string;
  /** What to know of it; may be empty. */
  readonly remark: string;
  /** True when pods are processes of this machine. */
  readonly local: boolean;
  stop(): Promise<void>;
}

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
