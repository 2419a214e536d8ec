/**
 * Keeps the pods of StatefulSets and DaemonSets: one by one, replaced when they end or their template changed. Much less
 * than the real controllers, which know partitions, surges and back-offs; here a program of the cluster gets its pod.
 */
import type { Timings } from "../../timings.ts";
import type { KubeObject, Store } from "../../types.ts";
import type { CreatePod } from "../job/pod-creator.ts";
import { hasEnded, isTrue, keyOf, type Pod } from "../objects.ts";
import { createQueue } from "../queue.ts";
import {
  type DaemonSet,
  type DesiredPod,
  podsOfDaemonSet,
  podsOfStatefulSet,
  REVISION_LABEL,
  revisionOf,
  type StatefulSet,
} from "./desired-pods.ts";

const KINDS: Readonly<Record<string, string>> = { StatefulSet: "statefulsets", DaemonSet: "daemonsets" };

interface WorkloadOptions {
  readonly create: CreatePod;
  readonly timings: Timings;
}

/** Keys of the queue are `RESOURCE/NAMESPACE/NAME`. */
export function startWorkloads(store: Store, { create, timings }: WorkloadOptions): () => void {
  const queue = createQueue((key) => {
    const [resource = "", namespace = "", name = ""] = key.split("/");
    const set = store.get<StatefulSet | DaemonSet>(resource, namespace, name);
    if (set === undefined || set.metadata.deletionTimestamp !== undefined) return;
    const again = (): void => queue.add(key, timings.jobBackoff);
    try {
      if (sync(store, resource, set, create, again)) again();
    } catch (error) {
      // Refused by admission: as the real ones, again and again.
      process.emitWarning(error instanceof Error ? error : String(error));
      again();
    }
  });
  const hear = (resource: string, object: KubeObject): void => {
    if (Object.values(KINDS).includes(resource)) queue.add(`${resource}/${keyOf(object)}`);
    const owner = resource === "pods" && object.metadata.ownerReferences?.find(({ controller }) => controller === true);
    const owned = owner && KINDS[owner.kind];
    if (owner && owned) queue.add(`${owned}/${object.metadata.namespace}/${owner.name}`, timings.jobSync);
  };
  for (const resource of Object.values(KINDS)) for (const object of store.list(resource)) hear(resource, object);
  const unsubscribe = store.subscribe(({ resource, object }) => hear(resource, object));
  return () => {
    unsubscribe();
    queue.stop();
  };
}

/** True when something is to be done a little later. */
function sync(
  store: Store,
  resource: string,
  set: StatefulSet | DaemonSet,
  create: CreatePod,
  again: () => void,
): boolean {
  const { namespace, uid } = set.metadata;
  const isStateful = resource === "statefulsets";
  const desired = isStateful
    ? podsOfStatefulSet(set as StatefulSet)
    : podsOfDaemonSet(set as DaemonSet, store.list("nodes"));
  const present = store
    .list<Pod>("pods", namespace)
    .filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.uid === uid));
  const revision = revisionOf(set);
  for (const pod of present) {
    const { name, deletionTimestamp, labels } = pod.metadata;
    const wanted = desired.some((one) => one.name === name) && labels?.[REVISION_LABEL] === revision && !hasEnded(pod);
    if (!wanted && deletionTimestamp === undefined) store.delete("pods", namespace, name);
  }
  let wait = false;
  for (const one of desired) {
    const pod = present.find(({ metadata }) => metadata.name === one.name);
    if (pod === undefined) {
      if (store.get("pods", namespace, one.name) !== undefined) wait = true;
      else make(store, namespace, one, create, again);
    }
    // One after the other, each when the one before is ready.
    if (isStateful && !isReady(pod)) break;
  }
  writeStatus(store, resource, set, { desired: desired.length, present });
  return wait;
}

function make(
  store: Store,
  namespace: string,
  { claims, pod }: DesiredPod,
  create: CreatePod,
  again: () => void,
): void {
  for (const claim of claims as KubeObject[])
    if (store.get("persistentvolumeclaims", namespace, claim.metadata.name) === undefined)
      store.create("persistentvolumeclaims", claim);
  const made = create(pod);
  if (made instanceof Promise) made.catch(again);
}

const isReady = (pod: Pod | undefined): boolean =>
  pod !== undefined && pod.metadata.deletionTimestamp === undefined && isTrue(pod.status?.conditions, "Ready");

function writeStatus(
  store: Store,
  resource: string,
  set: StatefulSet | DaemonSet,
  { desired, present }: { readonly desired: number; readonly present: readonly Pod[] },
): void {
  const revision = revisionOf(set);
  const current = present.filter(({ metadata }) => metadata.labels?.[REVISION_LABEL] === revision);
  const ready = present.filter(isReady).length;
  const updated = current.length;
  const observedGeneration = set.metadata.generation ?? 1;
  const whole = updated === desired && present.length === desired;
  const status =
    resource === "statefulsets"
      ? {
          observedGeneration,
          replicas: present.length,
          readyReplicas: ready,
          availableReplicas: ready,
          updatedReplicas: updated,
          currentReplicas: whole ? updated : present.length - updated,
          updateRevision: revision,
          currentRevision: whole
            ? revision
            : ((set.status as { currentRevision?: string })?.currentRevision ?? revision),
        }
      : {
          observedGeneration,
          desiredNumberScheduled: desired,
          currentNumberScheduled: present.length,
          updatedNumberScheduled: updated,
          numberReady: ready,
          numberAvailable: ready,
          numberMisscheduled: 0,
        };
  store.mutate(resource, set.metadata.namespace, set.metadata.name, (draft) => {
    draft.status = status;
  });
}
