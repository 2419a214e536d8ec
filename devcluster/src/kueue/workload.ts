/** The Workload objects that the controller keeps for Jobs, and the Events that it writes. */
import { createHash } from "node:crypto";
import { isTrue, type Job, timestamp } from "../controllers/objects.ts";
import { list, plain } from "../store/plain.ts";
import type { Clock, KubeObject, Store } from "../types.ts";
import { IN_USE_FINALIZER, JOB_UID_LABEL, PRIORITY_LABEL, QUEUE_LABEL } from "./names.ts";

export interface Condition {
  readonly type: string;
  readonly status: "True" | "False";
  readonly reason: string;
  readonly message: string;
}

export interface Workload extends KubeObject {
  spec: { queueName: string; active: boolean; priority: number; [field: string]: unknown };
  status?: { conditions?: (Condition & { lastTransitionTime: string })[] };
}

export const workloadName = ({ metadata }: Job): string => {
  const hash = createHash("sha256").update(metadata.uid).digest("hex").slice(0, 5);
  return `job-${metadata.name.slice(0, 50)}-${hash}`;
};

export class Workloads {
  readonly #store: Store;
  readonly #clock: Clock;
  #events = 0;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  of(job: Job): Workload | undefined {
    return this.#store.get<Workload>("workloads", job.metadata.namespace, workloadName(job));
  }

  create(job: Job, priority: number): Workload {
    const { name, namespace, uid, labels = {} } = job.metadata;
    const owner = { apiVersion: "batch/v1", kind: "Job", name, uid, controller: true, blockOwnerDeletion: true };
    const workload = this.#store.create<Workload>("workloads", {
      metadata: {
        name: workloadName(job),
        namespace,
        labels: { [JOB_UID_LABEL]: uid },
        ownerReferences: [owner],
        finalizers: [IN_USE_FINALIZER],
      },
      spec: {
        queueName: labels[QUEUE_LABEL] ?? "",
        active: true,
        priority,
        ...(labels[PRIORITY_LABEL] ? { priorityClassRef: { name: labels[PRIORITY_LABEL] } } : {}),
        podSets: [{ name: "main", count: 1, template: job.spec.template }],
      },
      status: { conditions: [] },
    });
    this.condition(job, {
      type: "PodsReady",
      status: "False",
      reason: "WaitForStart",
      message: "Not all pods are ready or succeeded",
    });
    this.event(job, "Normal", "CreatedWorkload", `Created Workload: ${namespace}/${workload.metadata.name}`);
    return workload;
  }

  change(job: Job, change: (draft: Workload) => void): void {
    this.#store.mutate<Workload>("workloads", job.metadata.namespace, workloadName(job), change);
  }

  /** True when it was another before. */
  condition(job: Job, condition: Condition): boolean {
    let changed = false;
    this.change(job, (draft) => {
      const conditions = draft.status?.conditions ?? [];
      const old = conditions.find(({ type }) => type === condition.type);
      if (old?.status === condition.status && old.reason === condition.reason && old.message === condition.message)
        return;
      changed = true;
      const lastTransitionTime = timestamp(this.#clock());
      draft.status = {
        ...draft.status,
        conditions: [...conditions.filter(({ type }) => type !== condition.type), { ...condition, lastTransitionTime }],
      };
    });
    return changed;
  }

  has(job: Job, type: string): boolean {
    return isTrue(this.of(job)?.status?.conditions, type);
  }

  /** Without the finalizer it goes with its Job. */
  release(job: Job): void {
    this.change(job, (draft) => {
      delete draft.metadata.finalizers;
    });
  }

  remove(namespace: string, jobUid: string): void {
    for (const workload of this.#store.list<Workload>("workloads", namespace)) {
      if (workload.metadata.labels?.[JOB_UID_LABEL] !== jobUid) continue;
      this.#store.delete("workloads", namespace, workload.metadata.name, { propagationPolicy: "Background" });
      this.#store.mutate("workloads", namespace, workload.metadata.name, (draft) => {
        delete draft.metadata.finalizers;
      });
    }
  }

  /** In the new form: no source, no first and last stamp, no count. */
  event(about: KubeObject, type: "Normal" | "Warning", reason: string, message: string): void {
    const { namespace = "", name, uid, resourceVersion } = about.metadata;
    if (plain(this.#store.get("namespaces", "", namespace)).metadata === undefined) return;
    const now = new Date(this.#clock()).toISOString().replace("Z", "000Z");
    this.#events += 1;
    this.#store.create("events", {
      metadata: { name: `${name}.${this.#clock().toString(16)}${this.#events.toString(16)}`, namespace },
      involvedObject: { apiVersion: about.apiVersion, kind: about.kind, namespace, name, uid, resourceVersion },
      reason,
      message,
      type,
      source: {},
      firstTimestamp: null,
      lastTimestamp: null,
      eventTime: now,
      action: reason,
      reportingComponent: about.kind === "Job" ? "batch/job-kueue-controller" : "kueue-admission",
      reportingInstance: "batch/job-kueue-controller",
    });
  }
}

/** Equal ones are parked behind the first, which alone is told why it waits. */
export const shapeOf = ({ spec }: Workload): string =>
  JSON.stringify([
    spec.queueName,
    spec.priority,
    list(spec.podSets)
      .map((set) => plain(plain(set).template).spec)
      .map((pod) => list(plain(pod).containers).map((one) => plain(one).resources)),
  ]);
