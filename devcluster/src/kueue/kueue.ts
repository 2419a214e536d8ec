/** Kueue in the devcluster: its kinds, its webhooks on Jobs, its controller. Copied from measurements of 0.19.2. */
import { notFound } from "../api/api-error.ts";
import type { ApiExtension } from "../api/extension.ts";
import { registerResources } from "../api/resources.ts";
import type { ApiStore } from "../store/store.ts";
import type { KubeObject } from "../types.ts";
import { KueueController } from "./controller.ts";
import type { PodsReady } from "./pods-ready.ts";
import { KUEUE_RESOURCES, VERSION, VISIBILITY_GROUP } from "./resources.ts";
import { fastKueueTimings, type KueueTimings, measuredKueueTimings } from "./timings.ts";
import { admitJob, admitJobUpdate, type WebhookState } from "./webhooks.ts";

export interface KueueOptions {
  /** @default true, as since 0.19; older ones ignore the annotation */
  readonly admissionGates?: boolean;
  /** `waitForPodsReady`. @default null, it is off: the real one's half an hour is longer than most tests */
  readonly podsReady?: PodsReady | null;
}

/** For tests. */
export interface Kueue {
  /** Scales it to zero: its webhooks refuse every Job, and nothing is admitted. */
  down(): void;
  up(): void;
}

export interface RunningKueue extends Kueue {
  readonly extension: ApiExtension;
  stop(): void;
}

const PENDING = new RegExp(
  `^/apis/${VISIBILITY_GROUP}/${VERSION}/namespaces/([^/]+)/localqueues/([^/]+)/pendingworkloads$`,
);

registerResources(KUEUE_RESOURCES);

export function startKueue(
  store: ApiStore,
  { admissionGates = true, podsReady = null }: KueueOptions,
  isFast: boolean,
): RunningKueue {
  const timings: KueueTimings = isFast ? fastKueueTimings : measuredKueueTimings;
  const controller = new KueueController(store, timings, podsReady);
  let isDown = false;
  const state = (): WebhookState => ({ isDown, knowsGates: admissionGates });
  const extension: ApiExtension = {
    resources: KUEUE_RESOURCES,
    admitCreate: (resource, object) => {
      if (resource === "jobs") admitJob(object, store, state());
    },
    admitUpdate: (resource, object, old) => {
      if (resource === "jobs") admitJobUpdate(object, old, state());
    },
    answer: (path, demand) => {
      const [, namespace = "", name = ""] = PENDING.exec(path)?.map(decodeURIComponent) ?? [];
      if (name === "") return undefined;
      demand({ group: VISIBILITY_GROUP, resource: "localqueues", subresource: "pendingworkloads", namespace, name });
      if (!store.get("localqueues", namespace, name))
        throw notFound({ name: "localqueues", group: VISIBILITY_GROUP }, name);
      return summary(controller, namespace, name);
    },
  };
  return {
    extension,
    down: () => {
      isDown = true;
      controller.away = true;
    },
    up: () => {
      isDown = false;
      controller.away = false;
    },
    stop: () => controller.stop(),
  };
}

function summary(controller: KueueController, namespace: string, localQueue: string): object {
  const items = controller.ledger
    .pending(namespace, localQueue)
    .map(({ job, priority, inLocalQueue, inClusterQueue }) => ({
      metadata: {
        name: controller.workloads.of(job)?.metadata.name,
        namespace,
        ownerReferences: [ownerOf(job)],
      },
      priority,
      localQueueName: localQueue,
      positionInClusterQueue: inClusterQueue,
      positionInLocalQueue: inLocalQueue,
    }));
  return { kind: "PendingWorkloadsSummary", apiVersion: `${VISIBILITY_GROUP}/${VERSION}`, metadata: {}, items };
}

const ownerOf = ({ metadata: { name, uid } }: KubeObject): object => ({
  apiVersion: "batch/v1",
  kind: "Job",
  name,
  uid,
});
