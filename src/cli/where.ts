/** Where a command looks and whose runs: the options that all commands about runs have. */
import type { Scope } from "../operate/look/scope.ts";
import { UsageError } from "./command-error.ts";
import { addressOf } from "./paperclip-address.ts";

/** The cluster alone: of commands about one agent. */
export const clusterOptions = {
  kubeconfig: { type: "string" },
  context: { type: "string" },
  namespace: { type: "string", short: "n" },
} as const;

export const whereOptions = {
  ...clusterOptions,
  "all-places": { type: "boolean", short: "A", default: false },
  instance: { type: "string" },
  "all-instances": { type: "boolean", default: false },
} as const;

/** Of commands that ask Paperclip, too. */
export const paperclipOptions = { "api-url": { type: "string" }, token: { type: "string" } } as const;

export const whereHelp = `Where:
  --kubeconfig FILE, --context NAME  Default: policy's, this pod's, kubectl's.
  -n, --namespace NAME               Default: the policy's, else the context's.
  -A, --all-places                   All of the policy, else all namespaces.
  --instance LABEL, --all-instances  Default: this Paperclip's, or the only one.
`;

export const paperclipHelp = `  --api-url URL, --token KEY         Paperclip's, with a board API key. Default:
                                     PAPERCLIP_API_URL, PAPERCLIP_API_KEY.
`;

interface ClusterValues {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly namespace?: string | undefined;
}

interface WhereValues extends ClusterValues {
  readonly "all-places": boolean;
  readonly instance?: string | undefined;
  readonly "all-instances": boolean;
  readonly "api-url"?: string | undefined;
  readonly token?: string | undefined;
}

/** Throws UsageError. */
export function scopeOf(values: WhereValues, env: NodeJS.ProcessEnv): Scope {
  if (values.namespace !== undefined && values["all-places"])
    throw new UsageError("it takes --namespace or --all-places.");
  if (values.instance !== undefined && values["all-instances"])
    throw new UsageError("it takes --instance or --all-instances.");
  return {
    ...clusterOf(values),
    allPlaces: values["all-places"],
    paperclips: values["all-instances"] ? "all" : { instance: values.instance ?? null },
    paperclip: addressOf(values, env),
  };
}

export function clusterOf({ kubeconfig, context, namespace }: ClusterValues): Pick<Scope, "cluster" | "namespace"> {
  const cluster = { ...(kubeconfig ? { kubeconfig } : {}), ...(context ? { context } : {}) };
  return { cluster, namespace: namespace ?? null };
}
