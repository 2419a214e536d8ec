/** Which pods a StatefulSet or a DaemonSet is to have, by name. */
import { createHash } from "node:crypto";
import type { DaemonSetSpec, StatefulSetSpec } from "kubernetes-types/apps/v1";
import type { PersistentVolumeClaim, PodTemplateSpec } from "kubernetes-types/core/v1";
import { child, clone, plain } from "../../store/plain.ts";
import type { KubeObject } from "../../types.ts";

export interface StatefulSet extends KubeObject {
  metadata: KubeObject["metadata"] & { namespace: string };
  spec: StatefulSetSpec;
}

export interface DaemonSet extends KubeObject {
  metadata: KubeObject["metadata"] & { namespace: string };
  spec: DaemonSetSpec;
}

export interface DesiredPod {
  readonly name: string;
  /** Created before the pod, where there are none of that name. */
  readonly claims: readonly object[];
  readonly pod: object;
}

export const REVISION_LABEL = "controller-revision-hash";

/** Names the template: a pod of another revision is replaced. */
export function revisionOf({ metadata, spec }: StatefulSet | DaemonSet): string {
  return `${metadata.name}-${hash(JSON.stringify(spec.template))}`;
}

const hash = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 10);

/** NAME-0, NAME-1 …, each with claims of its own, which outlive it. */
export function podsOfStatefulSet(set: StatefulSet): DesiredPod[] {
  return Array.from({ length: set.spec.replicas ?? 1 }, (_, index) => {
    const name = `${set.metadata.name}-${index}`;
    const claims = (set.spec.volumeClaimTemplates ?? []).map((template) => ({
      template,
      name: claimName(template, name),
    }));
    const pod = podOf(set, name, {
      "apps.kubernetes.io/pod-index": String(index),
      "statefulset.kubernetes.io/pod-name": name,
    });
    const spec = child(pod, "spec");
    Object.assign(spec, { hostname: name, ...(set.spec.serviceName ? { subdomain: set.spec.serviceName } : {}) });
    spec.volumes = [
      ...((spec.volumes as object[] | undefined) ?? []),
      ...claims.map((claim) => ({
        name: claim.template.metadata?.name,
        persistentVolumeClaim: { claimName: claim.name },
      })),
    ];
    const { namespace } = set.metadata;
    return {
      name,
      pod,
      claims: claims.map(({ template, name: claim }) => ({
        metadata: { name: claim, namespace, labels: { ...set.spec.selector.matchLabels } },
        spec: template.spec,
      })),
    };
  });
}

const claimName = ({ metadata }: PersistentVolumeClaim, pod: string): string => `${metadata?.name}-${pod}`;

/** One for each node that the template's nodeSelector takes. */
export function podsOfDaemonSet(set: DaemonSet, nodes: readonly KubeObject[]): DesiredPod[] {
  const wanted = Object.entries(set.spec.template.spec?.nodeSelector ?? {});
  const suitable = nodes.filter(({ metadata }) => wanted.every(([key, value]) => metadata.labels?.[key] === value));
  return suitable.map(({ metadata }) => {
    const name = `${set.metadata.name}-${hash(metadata.name).slice(0, 5)}`;
    const pod = podOf(set, name, {});
    const matchFields = [{ key: "metadata.name", operator: "In", values: [metadata.name] }];
    child(pod, "spec").affinity = {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] } },
    };
    return { name, claims: [], pod };
  });
}

function podOf(set: StatefulSet | DaemonSet, name: string, more: Readonly<Record<string, string>>): KubeObject {
  const { metadata, spec } = clone(set.spec.template) as PodTemplateSpec;
  const { apiVersion, kind } = set;
  return {
    metadata: {
      name,
      namespace: set.metadata.namespace,
      labels: { ...metadata?.labels, ...more, [REVISION_LABEL]: revisionOf(set) },
      ...(metadata?.annotations ? { annotations: metadata.annotations } : {}),
      ownerReferences: [
        {
          apiVersion,
          kind,
          name: set.metadata.name,
          uid: set.metadata.uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: plain(spec),
  } as unknown as KubeObject;
}
