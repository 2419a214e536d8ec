/**
 * Paperclip's own pod: when Paperclip runs in the cluster that the Jobs go to, an agent's pod takes over its image, its
 * placement and the volume with Paperclip's home, so that both see the same files under the same paths.
 */
import type {
  Affinity,
  Container,
  LocalObjectReference,
  Pod,
  PodDNSConfig,
  Toleration,
} from "kubernetes-types/core/v1";

/** Where Paperclip's pod would be: its name and namespace as the pod itself knows them. */
export interface HostPodAddress {
  readonly namespace: string;
  readonly name: string;
}

export interface HostPod extends HostPodAddress {
  /** The name of Paperclip's container. */
  readonly container: string;
  /** At which other pods reach every port of its that does not listen on loopback alone. @default null */
  readonly ip?: string | null;
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
  readonly user: {
    readonly uid: number | null;
    readonly gid: number | null;
    readonly groups: readonly number[];
    /** That of the pod: one of the groups, by which the kubelet has opened its volumes. @default null */
    readonly fsGroup?: number | null;
  };
}

const SERVICE_ACCOUNT_NAMESPACE = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/**
 * Null when Paperclip does not run in a pod, or cannot know in which namespace. The name is that of PAPERCLIP_K8S_POD, else
 * POD_NAME (the downward API's usual variable), else HOSTNAME, which a chart may have changed.
 */
export async function hostPodAddress(
  env: NodeJS.ProcessEnv,
  readFile: (path: string) => Promise<string>,
): Promise<HostPodAddress | null> {
  const name = env.PAPERCLIP_K8S_POD?.trim() || env.POD_NAME?.trim() || env.HOSTNAME?.trim();
  if (!name) return null;
  const namespace =
    env.PAPERCLIP_NAMESPACE?.trim() ||
    env.POD_NAMESPACE?.trim() ||
    (await readFile(SERVICE_ACCOUNT_NAMESPACE).catch(() => "")).trim();
  return namespace ? { namespace, name } : null;
}

/** The operator says which pod it is: then it is that one or none. */
export const isNamed = (env: NodeJS.ProcessEnv): boolean =>
  Boolean(env.PAPERCLIP_K8S_POD?.trim() || env.POD_NAME?.trim());

/** What of a pod tells Paperclip's container from its sidecars. */
export interface HostContainer {
  /** Paperclip's home. */
  readonly home: string;
  /** The container that the operator names. @default the one named `paperclip`, and others as below */
  readonly container?: string | undefined;
}

/** Null when no container of the pod can be told to be Paperclip's. */
export function readHostPod(pod: Pod, { home, container: named }: HostContainer): HostPod | null {
  const spec = pod.spec;
  const container = paperclipIn(pod, home, named);
  if (!spec || !container) return null;
  const mount = container.volumeMounts?.find(({ mountPath }) => trimSlash(mountPath) === trimSlash(home));
  const claimName = spec.volumes?.find(({ name }) => name === mount?.name)?.persistentVolumeClaim?.claimName;
  const groups = [spec.securityContext?.fsGroup, ...(spec.securityContext?.supplementalGroups ?? [])];
  return {
    namespace: pod.metadata?.namespace ?? "",
    name: pod.metadata?.name ?? "",
    container: container.name,
    ip: pod.status?.podIP ?? null,
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
      fsGroup: spec.securityContext?.fsGroup ?? null,
    },
  };
}

/** The annotation by which kubectl, and those who inject sidecars, know a pod's main container. */
const DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container";

/**
 * Charts name it as they like, and sidecars may come first. By name where one is given; else `paperclip`; else the only
 * one; else the one that kubectl would take; else the only one with Paperclip's home, or with Paperclip in its image's name.
 */
function paperclipIn({ metadata, spec }: Pod, home: string, named: string | undefined): Container | null {
  const containers = spec?.containers ?? [];
  const only = (isIt: (container: Container) => boolean): Container | null => {
    const [first, ...others] = containers.filter(isIt);
    return first && others.length === 0 ? first : null;
  };
  if (named) return only(({ name }) => name === named);
  const main = metadata?.annotations?.[DEFAULT_CONTAINER];
  return (
    only(({ name }) => name === "paperclip") ??
    only(() => true) ??
    only(({ name }) => name === main) ??
    only((one) => one.volumeMounts?.some(({ mountPath }) => trimSlash(mountPath) === trimSlash(home)) ?? false) ??
    only(({ image }) => /(^|\/)paperclip[^/]*$/.test(image ?? ""))
  );
}

/** Admission adds two to every pod: five minutes on a node that is not ready or unreachable. A Job's pod gets its own. */
function isEveryPods({ key, tolerationSeconds }: Toleration): boolean {
  return /^node\.kubernetes\.io\/(not-ready|unreachable)$/.test(key ?? "") && tolerationSeconds === 300;
}

const trimSlash = (path: string): string => (path.length > 1 ? path.replace(/\/+$/, "") : path);
