import type { Devcluster } from "../../devcluster/src/index.ts";

export interface StageCluster {
  /** Path of a kubeconfig that the server's user may read. */
  readonly kubeconfig: string;
  readonly namespace: string | null;
  readonly context: string | null;
  readonly image: string;
  readonly homeClaim: string | null;
  /** This machine's address as pods see it; null: the one on the way to the cluster. */
  readonly address: string | null;
  /** The agents' home on this machine; null for a real cluster. */
  readonly homeFolder: string | null;
  /** Null for a real cluster. */
  readonly devcluster: Devcluster | null;
  /** Ends our own cluster; from another one removes what this company has left there, and rejects when that fails. */
  stop(companyId: string | null): Promise<void>;
}

/** What an operator says of a cluster. */
export type RealCluster = Pick<
  StageCluster,
  "kubeconfig" | "context" | "namespace" | "image" | "homeClaim" | "address"
>;
