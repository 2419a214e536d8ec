/** Kueue's controller for Jobs, as far as it was measured: one look over all labelled Jobs after each change. */
import { isTrue, type Job } from "../controllers/objects.ts";
import { createQueue, type WorkQueue } from "../controllers/queue.ts";
import type { ApiStore } from "../store/store.ts";
import type { KubeObject } from "../types.ts";
import { type Entry, type Eviction, newEntry, queueName } from "./entry.ts";
import { execTimeLeft, readyTimeLeft, reasonToEvict } from "./eviction.ts";
import { admitJob, evictJob, resumeJob, settleJob } from "./job-writes.ts";
import { Ledger } from "./ledger.ts";
import type { PodsReady } from "./pods-ready.ts";
import { activeCondition, type Queue, queueOf } from "./queues.ts";
import { fit, quotaOf, requestsOf } from "./quota.ts";
import type { KueueTimings } from "./timings.ts";
import { gatesOf } from "./webhooks.ts";
import { shapeOf, Workloads } from "./workload.ts";

const LOOK = "all";
const CONCERNS = ["jobs", "workloads", "localqueues", "clusterqueues", "workloadpriorityclasses"];

export class KueueController {
  readonly workloads: Workloads;
  readonly ledger: Ledger;
  readonly #store: ApiStore;
  readonly #timings: KueueTimings;
  readonly #podsReady: PodsReady | null;
  readonly #queue: WorkQueue;
  readonly #unsubscribe: () => void;
  #away = false;

  constructor(store: ApiStore, timings: KueueTimings, podsReady: PodsReady | null) {
    this.#store = store;
    this.#podsReady = podsReady;
    this.#timings = timings;
    this.workloads = new Workloads(store, store.clock);
    this.ledger = new Ledger(store);
    this.#queue = createQueue(() => this.#look());
    this.#unsubscribe = store.subscribe(({ type, resource, object }) => {
      if (resource === "jobs" && type === "DELETED") this.#forget(object as Job);
      if (CONCERNS.includes(resource)) this.#queue.add(LOOK, timings.reactMs);
    });
  }

  stop(): void {
    this.#unsubscribe();
    this.#queue.stop();
  }

  /** While it is away nothing is admitted, evicted or undone. */
  set away(away: boolean) {
    this.#away = away;
    if (!away) this.#queue.add(LOOK, this.#timings.reactMs);
  }

  #forget({ metadata: { uid, namespace } }: Job): void {
    const entry = this.ledger.entries.get(uid);
    if (!entry) return;
    this.ledger.entries.delete(uid);
    this.#release(entry);
    if (!this.#away) this.workloads.remove(namespace, uid);
  }

  #release(entry: Entry): void {
    this.ledger.release(entry, this.#store.clock() + this.#timings.releaseMs);
  }

  #look(): void {
    if (this.#away) return;
    for (const queue of this.#store.list("localqueues")) this.#showQueue(queue);
    for (const job of this.#store.list<Job>("jobs")) if (queueName(job) !== "") this.#attend(job);
    const leftMs = this.ledger.settle(this.#store.clock());
    if (Number.isFinite(leftMs)) this.#queue.add(LOOK, leftMs);
    this.#admit();
  }

  #showQueue({ metadata }: KubeObject): void {
    const { namespace = "", name } = metadata;
    const active = activeCondition(queueOf(this.#store, namespace, name));
    const pendingWorkloads = this.ledger.pending(namespace, name).length;
    this.#store.mutate("localqueues", namespace, name, (draft) => {
      draft.status = { conditions: [{ type: "Active", ...active }], pendingWorkloads };
    });
  }

  #attend(job: Job): void {
    const entry = this.ledger.entries.get(job.metadata.uid) ?? this.#enter(job);
    if (!entry) return;
    entry.job = job;
    if (entry.phase === "finished" || job.metadata.deletionTimestamp !== undefined) return;
    const ended = ["Complete", "Failed"].find((type) => isTrue(job.status?.conditions, type));
    if (ended) this.#finish(entry, ended === "Complete");
    else if (entry.phase === "evicting") this.#settle(entry);
    else if (entry.phase === "admitted") this.#keep(entry);
    else this.#holdBack(entry);
  }

  /** Undefined: its priority class does not exist, and Kueue says nothing. */
  #enter(job: Job): Entry | undefined {
    const priority = this.ledger.priorityOf(job);
    const { conditions } = job.status ?? {};
    if (priority === null || isTrue(conditions, "Complete") || isTrue(conditions, "Failed")) return undefined;
    if (!this.workloads.of(job)) this.workloads.create(job, priority);
    const entry = newEntry(job, this.#store.clock());
    this.ledger.entries.set(job.metadata.uid, entry);
    return entry;
  }

  /** What runs without quota is stopped again. */
  #holdBack(entry: Entry): void {
    const { job, phase } = entry;
    if (job.spec.suspend !== true) {
      const message = "Not admitted by cluster queue";
      this.#suspend(entry, { reason: "", message, deactivates: phase === "deactivated" });
    } else if (phase === "deactivated" && this.workloads.of(job)?.spec.active === true) entry.phase = "pending";
  }

  #finish(entry: Entry, succeeded: boolean): void {
    const { job } = entry;
    this.#release(entry);
    entry.phase = "finished";
    const [reason, message] = succeeded
      ? ["Succeeded", "Reached expected number of succeeded pods"]
      : ["Failed", "Job has reached the specified backoff limit"];
    this.workloads.condition(job, { type: "Finished", status: "True", reason, message });
    this.workloads.release(job);
    const name = `${job.metadata.namespace}/${this.workloads.of(job)?.metadata.name}`;
    this.workloads.event(job, "Normal", "FinishedWorkload", `Workload '${name}' is declared finished`);
  }

  #keep(entry: Entry): void {
    const { job } = entry;
    const queue = queueOf(this.#store, job.metadata.namespace, queueName(job));
    const now = this.#store.clock();
    entry.wasReady ||= (job.status?.ready ?? 0) > 0;
    const reason = reasonToEvict(entry, queue, this.workloads.of(job), this.#podsReady, now);
    if (reason) {
      this.#evict(entry, reason);
      return;
    }
    // A client's suspension is undone: a new pod starts.
    if (job.spec.suspend === true) resumeJob(this.#store, job);
    const toBeReadyMs = this.#podsReady ? readyTimeLeft(entry, this.#podsReady, now) : Number.POSITIVE_INFINITY;
    const leftMs = Math.min(execTimeLeft(entry, now), toBeReadyMs);
    if (Number.isFinite(leftMs)) this.#queue.add(LOOK, leftMs);
  }

  /** Begins it: the Job is suspended, and its pod ends with its grace. */
  #evict(entry: Entry, eviction: Eviction): void {
    const { job } = entry;
    const { reason, message, deactivates } = eviction;
    entry.ranMs += this.#store.clock() - entry.admittedAt;
    if (reason === "PodsReadyTimeout") entry.notReady += 1;
    this.workloads.condition(job, { type: "Evicted", status: "True", reason, message });
    if (deactivates)
      this.workloads.change(job, (draft) => {
        draft.spec.active = false;
      });
    this.#suspend(entry, eviction);
  }

  #suspend(entry: Entry, eviction: Eviction): void {
    entry.phase = "evicting";
    entry.eviction = eviction;
    evictJob(this.#store, entry.job);
  }

  /** Quota counts as free when the Job counts no active pod, whether or not that is gone. */
  #settle(entry: Entry): void {
    const { job, eviction } = entry;
    if ((job.status?.active ?? 0) > 0 || !isTrue(job.status?.conditions, "Suspended")) return;
    settleJob(this.#store, job);
    const { reason = "", message = "", deactivates = false } = eviction ?? {};
    this.workloads.event(job, "Normal", "Stopped", message);
    entry.phase = deactivates ? "deactivated" : "pending";
    entry.eviction = null;
    const why = { status: "False", reason: "NoReservation", message: "The workload has no reservation" } as const;
    this.workloads.condition(job, { type: "Admitted", ...why });
    if (reason !== "")
      this.workloads.condition(job, { type: "Requeued", status: deactivates ? "False" : "True", reason, message });
  }

  #admit(): void {
    const told = new Set<string>();
    for (const { job } of this.ledger.line()) {
      // The label may have been changed.
      this.workloads.change(job, (draft) => {
        draft.spec.queueName = queueName(job);
      });
      const gates = gatesOf(job).join(", ");
      const queue = queueOf(this.#store, job.metadata.namespace, queueName(job));
      if (gates !== "") this.#hold(job, "AdmissionGated", `Admission is gated by: ${gates}`, "AdmissionGated");
      else if (queue.kind === "closed") this.#hold(job, "Inadmissible", queue.message, null);
      else this.#tryFit(job, queue, told);
    }
  }

  #tryFit(job: Job, queue: Extract<Queue, { kind: "open" }>, told: Set<string>): void {
    const { cluster } = queue;
    const clusterQueue = cluster.metadata.name;
    const found = fit(requestsOf(job), this.ledger.used(clusterQueue), quotaOf(cluster));
    if (found.kind === "fits") {
      this.#start(job, queue);
      return;
    }
    const victim = found.kind === "waits" ? this.ledger.victimOf(job, cluster) : null;
    if (victim) this.#preempt(victim, job, clusterQueue);
    const workload = this.workloads.of(job);
    const shape = workload ? shapeOf(workload) : "";
    if (told.has(shape)) return;
    told.add(shape);
    const preempts = this.ledger.isEvicting(clusterQueue) ? ". Pending the preemption of 1 workload(s)" : "";
    this.#hold(job, "Pending", found.message + preempts, "Pending");
  }

  #start(job: Job, { cluster, localQueue }: Extract<Queue, { kind: "open" }>): void {
    const entry = this.ledger.entries.get(job.metadata.uid);
    if (!entry) return;
    const clusterQueue = cluster.metadata.name;
    Object.assign(entry, { phase: "admitted", clusterQueue, wasReady: false, admittedAt: this.#store.clock() });
    const reserved = `Quota reserved in ClusterQueue ${clusterQueue}`;
    const show = (type: string, status: "True" | "False", message: string, reason = type): boolean =>
      this.workloads.condition(job, { type, status, reason, message });
    show("QuotaReserved", "True", reserved);
    show("Admitted", "True", "The workload is admitted");
    if (this.workloads.has(job, "Evicted")) show("Evicted", "False", "Previously: evicted", "QuotaReserved");
    this.workloads.event(job, "Normal", "Started", `Admitted by clusterQueue ${clusterQueue}`);
    admitJob(this.#store, job, localQueue, clusterQueue, this.workloads.of(job)?.metadata.name ?? "");
  }

  #preempt(victim: Entry, job: Job, clusterQueue: string): void {
    const uid = this.workloads.of(job)?.metadata.uid;
    const who = `(UID: ${uid}, JobUID: ${job.metadata.uid})`;
    const path = `preemptor path: /${clusterQueue}; preemptee path: /${clusterQueue}`;
    const message = `Preempted to accommodate a workload ${who} due to prioritization in the ClusterQueue; ${path}`;
    this.#evict(victim, { reason: "Preempted", message, deactivates: false });
    this.workloads.condition(victim.job, { type: "Preempted", status: "True", reason: "InClusterQueue", message });
  }

  #hold(job: Job, reason: string, message: string, event: string | null): void {
    const changed = this.workloads.condition(job, { type: "QuotaReserved", status: "False", reason, message });
    const workload = this.workloads.of(job);
    if (changed && event && workload) this.workloads.event(workload, "Warning", event, message);
  }
}
