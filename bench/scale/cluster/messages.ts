/** Between the benchmark and the process of the simulated cluster. */
import type { AdapterExecutionResult } from "@paperclipai/adapter-utils";
import type { FaultAction } from "../../../devcluster/src/index.ts";

export interface ClusterSettings {
  /** Objects of these exist. */
  readonly namespaces: readonly string[];
  /** @default as slow as a real cluster, as measured */
  readonly fast: boolean;
}

export type ToCluster =
  /** Paperclip's record of runs. */
  | { readonly kind: "record"; readonly runIds: readonly string[]; readonly status: string }
  | { readonly kind: "ended"; readonly runId: string; readonly result: AdapterExecutionResult }
  /** All agents have done their work. */
  | { readonly kind: "finish" }
  /** Every request of a method to a collection meets it from now on. */
  | { readonly kind: "fault"; readonly method: string; readonly collection: string; readonly action: FaultAction }
  | { readonly kind: "look" };

export type FromCluster =
  | { readonly kind: "ready"; readonly kubeconfig: string; readonly paperclipUrl: string }
  | ({ readonly kind: "look" } & ClusterLook);

export interface ClusterLook {
  /** Of this process since it began, milliseconds. */
  readonly cpuMs: number;
  /** Of its event loop since the last look, milliseconds: what is late here is late for the measured process. */
  readonly loopP99Ms: number;
  /** By kind; `bundles` are Secrets that runs share, and are not counted among the others. */
  readonly objects: Readonly<Record<string, number>>;
  /** Answered so far, by `VERB resource`, and by status. */
  readonly requests: Readonly<Record<string, number>>;
  readonly statuses: Readonly<Record<string, number>>;
}
