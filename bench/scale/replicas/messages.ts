/** Between the benchmark and one of Paperclip's server processes. */
import type { AdapterExecutionResult } from "@paperclipai/adapter-utils";
import type { RunSettings } from "../../../test/cluster/support/context.ts";

export interface ServerSettings {
  readonly kubeconfig: string;
  readonly namespace: string;
  /** Paperclip's addresses: each counts for itself who asks. */
  readonly urls: { readonly ofRuns: string; readonly ofSupervisor: string };
}

export interface ToServer {
  readonly kind: "execute";
  readonly run: RunSettings;
}

export type FromServer =
  | { readonly kind: "ready" }
  | {
      readonly kind: "result";
      readonly runId: string;
      readonly result: AdapterExecutionResult;
      /** Of the agent's, as delivered. */
      readonly lines: number;
      /** Those that came twice, out of order, or after one that did not come. */
      readonly wrong: number;
    }
  /** Since the last one. */
  | { readonly kind: "asked"; readonly requests: AskedOfCluster };

/** Requests to the cluster by `verb resource`, of the supervisor and of runs. */
export interface AskedOfCluster {
  readonly supervisor: Readonly<Record<string, number>>;
  readonly runs: Readonly<Record<string, number>>;
}
