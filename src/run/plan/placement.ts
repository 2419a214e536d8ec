/** Where and as whom a pod runs: the agent's own settings first, then those of Paperclip's own pod. */
import type { AgentConfig, ParsedAgentConfig } from "../../config/agent-config.ts";
import { ConfigError } from "../../config/config-error.ts";
import { userIds } from "../../config/pod-values.ts";
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
  | "annotations"
  | "priorityClassName"
  | "runtimeClassName"
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
  const user = userOf(config.runAsUser, hostPod);
  const annotations = annotationsOf(config.annotations);
  return {
    image: imageOf(config, hostPod, missing),
    imagePullPolicy: config.imagePullPolicy,
    imagePullSecrets: pullSecretsOf({ config, set }, hostPod, namespace),
    serviceAccountName: config.serviceAccountName,
    resources: resourcesOf(config),
    nodeSelector: set.has("nodeSelector") ? config.nodeSelector : (hostPod?.nodeSelector ?? {}),
    tolerations: set.has("tolerations") ? config.tolerations : (hostPod?.tolerations ?? []),
    affinity: set.has("nodeSelector") ? null : (hostPod?.affinity ?? null),
    dnsConfig: hostPod?.dnsConfig ?? null,
    priorityClassName: config.priorityClassName,
    runtimeClassName: config.runtimeClassName,
    annotations: annotations.annotations,
    user: user.user,
    notes: [...user.notes, ...annotations.notes],
  };
}

function pullSecretsOf(
  { config, set }: Pick<ParsedAgentConfig, "config" | "set">,
  hostPod: HostPod | null,
  namespace: string,
) {
  if (set.has("imagePullSecrets")) return config.imagePullSecrets.map((name) => ({ name }));
  return hostPod?.namespace === namespace ? hostPod.imagePullSecrets : [];
}

function resourcesOf(config: AgentConfig): NonNullable<ManifestInput["resources"]> {
  const amounts = (side: "requests" | "limits") => {
    const disk = config[`resources.${side}.ephemeral-storage`];
    return {
      cpu: config[`resources.${side}.cpu`],
      memory: config[`resources.${side}.memory`],
      ...(disk === null ? {} : { "ephemeral-storage": disk }),
      ...config.extendedResources,
    };
  };
  return { requests: amounts("requests"), limits: amounts("limits") };
}

/** Autoscalers take an agent's node while it works, unless the pod says otherwise: it starts once, and its turn is lost. */
const KEPT_BY_AUTOSCALERS = {
  "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
  "karpenter.sh/do-not-disrupt": "true",
};

function annotationsOf(configured: AgentConfig["annotations"]) {
  const annotations: Record<string, string> = {};
  const notes: string[] = [];
  for (const [key, value] of Object.entries({ ...KEPT_BY_AUTOSCALERS, ...configured })) {
    if (key.startsWith("paperclip.io/")) notes.push(`Annotation ${key} is not set: the prefix is reserved`);
    else if (value !== null) annotations[key] = value;
  }
  return { annotations, notes };
}

/** As whom the pod runs: as the agent's setting says, else as Paperclip's own pod. */
function userOf(configured: string | null, hostPod: HostPod | null) {
  if (configured !== null) return { user: { ...(userIds(configured) ?? NOBODY), groups: [] }, notes: [] };
  const { uid, gid, groups = [] } = hostPod?.user ?? {};
  const user = {
    uid: uid || DEFAULT_USER,
    gid: gid || DEFAULT_USER,
    groups: groups.filter((group) => group > 0),
    paperclipsFsGroup: hostPod?.user.fsGroup || null,
  };
  const note = `Paperclip's own pod runs as root; agents run as user ${DEFAULT_USER} and may not write its files`;
  return { user, notes: uid === 0 ? [note] : [] };
}

/** Left to the cluster. */
const NOBODY = { uid: null, gid: null };

/** Throws ConfigError where the recorder would have to run as the agent's own user. */
export function requireSecondUser({ uid }: Placement["user"], recorder: "same" | "separate"): void {
  if (recorder === "same" || uid !== null) return;
  const problem = "leaves the user to the cluster, and the operator's policy has the recorder under a user of its own";
  const fix =
    "Name a UID that the cluster allows and that has a next one (OpenShift: `oc describe namespace` has the range).";
  throw new ConfigError([{ field: "runAsUser", problem, fix }]);
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
