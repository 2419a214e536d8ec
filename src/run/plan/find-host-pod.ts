/** Looks for Paperclip's own pod, whose image, placement and home the agents' pods take over. */
import { networkInterfaces } from "node:os";
import type { Pod } from "kubernetes-types/core/v1";
import { ApiError } from "../../kubernetes/api-error.ts";
import type { CallOptions } from "../../kubernetes/call-options.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { pods } from "../../kubernetes/resource-types.ts";
import { type HostPod, hostPodAddress, isNamed, readHostPod } from "../../paperclip/host-pod.ts";
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
  deps: Pick<Dependencies, "env" | "readFile" | "addresses">,
  call: CallOptions = {},
): Promise<HostPodLookup> {
  const address = await hostPodAddress(deps.env, deps.readFile);
  if (!address) return { kind: "none", why: "Paperclip does not run in a pod of this cluster" };
  const { namespace, name } = address;
  const home = deps.env.PAPERCLIP_HOME?.trim() || HOME;
  const container = deps.env.PAPERCLIP_K8S_CONTAINER?.trim() || undefined;
  try {
    const found = (await client.find(pods, namespace, name, call)) ?? (await byAddress(client, namespace, deps, call));
    if (!found)
      return {
        kind: "none",
        why: `there is no pod ${name} in namespace ${namespace} of this cluster, and none with this machine's address`,
      };
    const pod = readHostPod(found, { home, container });
    return pod ? { kind: "found", pod } : { kind: "none", why: whyNoContainer(found, container) };
  } catch (error) {
    if (!(error instanceof ApiError && error.forbidden)) throw error;
    const why = `whether Paperclip runs in this cluster could not be seen: ${error.message}`;
    return { kind: "unseen", why, fix: adviceFor(error) };
  }
}

function whyNoContainer({ metadata, spec }: Pod, container: string | undefined): string {
  const names = (spec?.containers ?? []).map(({ name }) => name).join(", ");
  const which = container
    ? `no container ${container}, which PAPERCLIP_K8S_CONTAINER names`
    : "several containers, of which none can be told to be Paperclip's; name it in PAPERCLIP_K8S_CONTAINER";
  return `pod ${metadata?.namespace}/${metadata?.name} (${names}) has ${which}`;
}

/** Where the host's name is not the pod's: the one pod that has an address of this machine. */
async function byAddress(
  client: KubernetesClient,
  namespace: string,
  { env, addresses = machineAddresses }: Pick<Dependencies, "env" | "addresses">,
  call: CallOptions,
): Promise<Pod | null> {
  if (isNamed(env)) return null;
  for (const address of addresses()) {
    const { items } = await client.list(pods, namespace, { ...call, fieldSelector: `status.podIP=${address}` });
    const running = items.filter(({ spec, status }) => status?.phase === "Running" && !spec?.hostNetwork);
    const [pod, ...others] = running;
    if (pod && others.length === 0) return pod;
  }
  return null;
}

/** Not the machine's own loopback, nor link-local addresses. */
function machineAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((one) => one ?? []);
  return all.filter(({ internal, address }) => !internal && !address.startsWith("fe80")).map(({ address }) => address);
}
