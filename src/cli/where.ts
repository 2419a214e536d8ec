/** Where a command looks and whose runs: the options that all commands about runs have. */
import type { Scope } from "../operate/scope.ts";
import { UsageError } from "./command-error.ts";
import { addressOf } from "./paperclip-address.ts";

export const whereOptions = {
  kubeconfig: { type: "string" },
  context: { type: "string" },
  namespace: { type: "string", short: "n" },
  "all-places": { type: "boolean", short: "A", default: false },
  instance: { type: "string" },
  "all-instances": { type: "boolean", default: false },
} as const;

/** Of commands that ask Paperclip, too. */
export const paperclipOptions = { "api-url": { type: "string" }, token: { type: "string" } } as const;

export const whereHelp = `Where:
  --kubeconfig FILE, --context NAME  The cluster. Default: the policy's, this pod's, as kubectl.
  -n, --namespace NAME               Default: the policy's, else that of the context.
  -A, --all-places                   All places of the policy; without a policy all namespaces.
  --instance LABEL, --all-instances  Whose runs. Default: this Paperclip's, else the only one there.
`;

export const paperclipHelp = `  --api-url URL, --token KEY         Paperclip's address and a board API key. Default:
                                     PAPERCLIP_API_URL (127.0.0.1:3100) and PAPERCLIP_API_KEY.
`;

interface WhereValues {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly namespace?: string | undefined;
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
  const { kubeconfig, context } = values;
  return {
    cluster: { ...(kubeconfig ? { kubeconfig } : {}), ...(context ? { context } : {}) },
    namespace: values.namespace ?? null,
    allPlaces: values["all-places"],
    paperclips: values["all-instances"] ? "all" : { instance: values.instance ?? null },
    paperclip: addressOf(values, env),
  };
}
