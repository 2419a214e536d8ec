/** Looks for Paperclip's own pod, whose image, placement and home the agents' pods take over. */
import { ApiError } from "../../kubernetes/api-error.ts";
import type { CallOptions } from "../../kubernetes/call-options.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { pods } from "../../kubernetes/resource-types.ts";
import { type HostPod, hostPodAddress, readHostPod } from "../../paperclip/host-pod.ts";
import { adviceFor } from "../shared/api-advice.ts";
import type { Dependencies } from "../shared/dependencies.ts";
import { HOME } from "./home.ts";

/** `why` is a clause, to stand behind a comma or a colon. */
export type HostPodLookup =
  | { readonly kind: "found"; readonly pod: HostPod }
  /** Paperclip runs in no pod of this cluster, or in one that agents can take nothing over from. */
  | { readonly kind: "none"; readonly why: string }
  /** We may not look: the pod may be there. */
  | { readonly kind: "unseen"; readonly why: string; readonly fix: string };

/** Throws ApiError when the cluster does not answer, or the signal's reason. */
export async function findHostPod(
  client: KubernetesClient,
  deps: Pick<Dependencies, "env" | "readFile">,
  call: CallOptions = {},
): Promise<HostPodLookup> {
  const address = await hostPodAddress(deps.env, deps.readFile);
  if (!address) return { kind: "none", why: "Paperclip does not run in a pod of this cluster" };
  const { namespace, name } = address;
  const home = deps.env.PAPERCLIP_HOME?.trim() || HOME;
  try {
    const found = await client.find(pods, namespace, name, call);
    if (!found) return { kind: "none", why: `there is no pod ${name} in namespace ${namespace} of this cluster` };
    const pod = readHostPod(found, home);
    return pod
      ? { kind: "found", pod }
      : { kind: "none", why: `pod ${namespace}/${name} has no container named \`paperclip\`` };
  } catch (error) {
    if (!(error instanceof ApiError && error.forbidden)) throw error;
    const why = `whether Paperclip runs in this cluster could not be seen: ${error.message}`;
    return { kind: "unseen", why, fix: adviceFor(error) };
  }
}
