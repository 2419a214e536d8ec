/** Where and as whom a pod runs: the agent's own settings first, then those of Paperclip's own pod. */
import type { AgentConfig, ParsedAgentConfig } from "../../config/agent-config.ts";
import { ConfigError } from "../../config/config-error.ts";
import type { HostPod } from "../../paperclip/host-pod.ts";
import type { HostPodLookup } from "./find-host-pod.ts";
import type { ManifestInput } from "./manifest.ts";

/** The user that agents' images are made for, when Paperclip's own pod does not say: prior versions ran as it. */
const DEFAULT_USER = 1000;

type Placement = Pick<
  ManifestInput,
  | "image"
  | "imagePullPolicy"
  | "imagePullSecrets"
  | "serviceAccountName"
  | "resources"
  | "nodeSelector"
  | "tolerations"
  | "affinity"
  | "dnsConfig"
  | "user"
> & { readonly notes: readonly string[] };

/** Why nothing of Paperclip's own pod is known; `unseen`: we may not look, so it may be there. */
export type HostPodMissing = Exclude<HostPodLookup, { readonly kind: "found" }>;

/** Throws ConfigError when there is no image. */
export function placement(
  { config, set }: ParsedAgentConfig,
  hostPod: HostPod | null,
  namespace: string,
  missing: HostPodMissing = { kind: "none", why: "Paperclip does not run in a pod of this cluster" },
): Placement {
  return {
    image: imageOf(config, hostPod, missing),
    imagePullPolicy: config.imagePullPolicy,
    imagePullSecrets: hostPod?.namespace === namespace ? hostPod.imagePullSecrets : [],
    serviceAccountName: config.serviceAccountName,
    resources: {
      requests: { cpu: config["resources.requests.cpu"], memory: config["resources.requests.memory"] },
      limits: { cpu: config["resources.limits.cpu"], memory: config["resources.limits.memory"] },
    },
    nodeSelector: set.has("nodeSelector") ? config.nodeSelector : (hostPod?.nodeSelector ?? {}),
    tolerations: set.has("tolerations") ? config.tolerations : (hostPod?.tolerations ?? []),
    affinity: set.has("nodeSelector") ? null : (hostPod?.affinity ?? null),
    dnsConfig: hostPod?.dnsConfig ?? null,
    user: {
      uid: hostPod?.user.uid || DEFAULT_USER,
      gid: hostPod?.user.gid || DEFAULT_USER,
      groups: hostPod?.user.groups.filter((group) => group > 0) ?? [],
    },
    notes:
      hostPod?.user.uid === 0
        ? [`Paperclip's own pod runs as root; agents run as user ${DEFAULT_USER} and may not write its files`]
        : [],
  };
}

function imageOf(config: AgentConfig, hostPod: HostPod | null, missing: HostPodMissing): string {
  const image = config.image ?? hostPod?.image;
  if (image) return image;
  const problem = `is not set, and the image of Paperclip's own pod cannot be taken: ${missing.why}`;
  const set = "Set it to an image that has Claude Code (`claude`) in its PATH.";
  const fix =
    missing.kind === "unseen" ? `${missing.fix} Or set an image that has Claude Code (\`claude\`) in its PATH.` : set;
  throw new ConfigError([{ field: "image", problem, fix }]);
}
