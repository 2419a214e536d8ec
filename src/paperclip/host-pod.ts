/**
 * Paperclip's own pod: when Paperclip runs in the cluster that the Jobs go to, an agent's pod takes over its image, its
 * placement and the volume with Paperclip's home, so that both see the same files under the same paths.
 */
import type { Affinity, LocalObjectReference, Pod, PodDNSConfig, Toleration } from "kubernetes-types/core/v1";

/** Where Paperclip's pod would be: its name and namespace as the pod itself knows them. */
export interface HostPodAddress {
  readonly namespace: string;
  readonly name: string;
}

export interface HostPod extends HostPodAddress {
  readonly image: string | null;
  readonly imagePullSecrets: readonly LocalObjectReference[];
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: readonly Toleration[];
  readonly affinity: Affinity | null;
  readonly dnsConfig: PodDNSConfig | null;
  /** The claim that Paperclip has mounted at its home; null when its home is no claim. */
  readonly homeClaim: {
    readonly claimName: string;
    readonly subPath: string | null;
    readonly mountPath: string;
  } | null;
  /** Who Paperclip's process is: the owner of the files in its home. Null where the pod does not say. */
  readonly user: { readonly uid: number | null; readonly gid: number | null; readonly groups: readonly number[] };
}

const SERVICE_ACCOUNT_NAMESPACE = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/** Null when Paperclip does not run in a pod, or cannot know in which namespace. */
export async function hostPodAddress(
  env: NodeJS.ProcessEnv,
  readFile: (path: string) => Promise<string>,
): Promise<HostPodAddress | null> {
  const name = env.HOSTNAME?.trim();
  if (!name) return null;
  const namespace =
    env.PAPERCLIP_NAMESPACE?.trim() ||
    env.POD_NAMESPACE?.trim() ||
    (await readFile(SERVICE_ACCOUNT_NAMESPACE).catch(() => "")).trim();
  return namespace ? { namespace, name } : null;
}

/** Null when the pod has no container named `paperclip`: then it is somebody else's pod of that name. */
export function readHostPod(pod: Pod, home: string): HostPod | null {
  const spec = pod.spec;
  const container = spec?.containers.find(({ name }) => name === "paperclip");
  if (!spec || !container) return null;
  const mount = container.volumeMounts?.find(({ mountPath }) => trimSlash(mountPath) === trimSlash(home));
  const claimName = spec.volumes?.find(({ name }) => name === mount?.name)?.persistentVolumeClaim?.claimName;
  const groups = [spec.securityContext?.fsGroup, ...(spec.securityContext?.supplementalGroups ?? [])];
  return {
    namespace: pod.metadata?.namespace ?? "",
    name: pod.metadata?.name ?? "",
    image: container.image ?? null,
    imagePullSecrets: spec.imagePullSecrets ?? [],
    nodeSelector: spec.nodeSelector ?? {},
    tolerations: (spec.tolerations ?? []).filter((toleration) => !isEveryPods(toleration)),
    affinity: spec.affinity?.nodeAffinity ? { nodeAffinity: spec.affinity.nodeAffinity } : null,
    dnsConfig: spec.dnsConfig ?? null,
    homeClaim:
      mount && claimName ? { claimName, subPath: mount.subPath ?? null, mountPath: trimSlash(mount.mountPath) } : null,
    user: {
      uid: container.securityContext?.runAsUser ?? spec.securityContext?.runAsUser ?? null,
      gid: container.securityContext?.runAsGroup ?? spec.securityContext?.runAsGroup ?? null,
      groups: groups.filter((group): group is number => typeof group === "number"),
    },
  };
}

/** Admission adds two to every pod: five minutes on a node that is not ready or unreachable. A Job's pod gets its own. */
function isEveryPods({ key, tolerationSeconds }: Toleration): boolean {
  return /^node\.kubernetes\.io\/(not-ready|unreachable)$/.test(key ?? "") && tolerationSeconds === 300;
}

const trimSlash = (path: string): string => (path.length > 1 ? path.replace(/\/+$/, "") : path);
