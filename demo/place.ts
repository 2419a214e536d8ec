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
