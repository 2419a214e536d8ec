/** Where an operator looks, and whose runs. */
import type { ClusterOptions } from "../../kubernetes/cluster.ts";

export interface Scope {
  /** Empty: the policy's default cluster; where there is no policy, as kubectl finds it. */
  readonly cluster: ClusterOptions;
  /** Null: the policy's, else that of the cluster's context. */
  readonly namespace: string | null;
  /** All places of the policy; without a policy, or with a cluster named, all namespaces of that cluster. */
  readonly allPlaces: boolean;
  readonly paperclips: "all" | Whose;
  /** How Paperclip itself is reached. */
  readonly paperclip: {
    readonly url: string;
    /** A board API key; null: none. */
    readonly token: string | null;
  };
}

/** Of one Paperclip. */
export interface Whose {
  /** As its Jobs' label has it; null: found out. */
  readonly instance: string | null;
}
