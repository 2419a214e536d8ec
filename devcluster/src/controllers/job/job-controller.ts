import type { JobStatus } from "kubernetes-types/batch/v1";
import type { Timings } from "../../timings.ts";
import type { Clock, Store, StoreEvent } from "../../types.ts";
import { createEventRecorder, type EventRecorder } from "../events.ts";
import { type Job, keyOf, type Pod } from "../objects.ts";
import { createQueue, type WorkQueue } from "../queue.ts";
import { type Backoff, NO_BACKOFF } from "./backoff.ts";
import { type CreatePod, PodCreator } from "./pod-creator.ts";
import { TRACKING_FINALIZER } from "./pod-template.ts";
import { type JobPlan, syncJob } from "./sync-job.ts";

/** Keeps every Job's pods and status as `syncJob` decides. */
export class JobController {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #timings: Timings;
  readonly #record: EventRecorder;
  readonly #queue: WorkQueue = createQueue((key) => this.#look(key));
  /** Keys of pods whose Job is gone: nobody counts them, so their finalizer goes. */
  readonly #orphans: WorkQueue = createQueue((podKey) => {
    const pod = this.#pod(podKey);
    if (pod !== undefined) this.#release(pod);
  });
  /** Job uid → generation last seen: a change of the spec is looked at without delay. */
  readonly #generations = new Map<string, number | undefined>();
  /** Job uid → keys of its pods. */
  readonly #pods = new Map<string, Set<string>>();
  readonly #backoffs = new Map<string, Backoff>();
  readonly #creator: PodCreator;
  readonly #unsubscribe: () => void;

  constructor(store: Store, options: { clock: Clock; timings: Timings; create?: CreatePod }) {
    this.#store = store;
    this.#clock = options.clock;
    this.#timings = options.timings;
    this.#record = createEventRecorder(store, options.clock, "job-controller");
    this.#creator = new PodCreator({
      create: options.create ?? ((pod) => store.create<Pod>("pods", pod)),
      record: this.#record,
      again: (job, delay) => this.#queue.add(keyOf(job), delay),
      unit: options.timings.jobBackoff,
    });
    for (const resource of ["jobs", "pods"]) {
      for (const object of store.list(resource)) this.#hear({ type: "ADDED", resource, object });
    }
    this.#unsubscribe = store.subscribe((event) => this.#hear(event));
  }

  stop(): void {
    this.#unsubscribe();
    this.#queue.stop();
    this.#orphans.stop();
  }

  #hear({ type, resource, object }: StoreEvent): void {
    if (resource === "jobs") this.#hearJob(type, object as Job);
    if (resource === "pods") this.#hearPod(type, object as Pod);
  }

  #hearJob(type: StoreEvent["type"], job: Job): void {
    const key = keyOf(job);
    if (type !== "DELETED") {
      const { uid, generation, deletionTimestamp } = job.metadata;
      const urgent = !this.#generations.has(uid) || this.#generations.get(uid) !== generation;
      this.#generations.set(uid, generation);
      this.#queue.add(key, urgent || deletionTimestamp !== undefined ? 0 : this.#timings.jobSync);
      return;
    }
    this.#queue.forget(key);
    this.#backoffs.delete(job.metadata.uid);
    this.#creator.forget(job);
    this.#generations.delete(job.metadata.uid);
    for (const podKey of this.#pods.get(job.metadata.uid) ?? []) this.#orphans.add(podKey);
  }

  #hearPod(type: StoreEvent["type"], pod: Pod): void {
    const owner = pod.metadata.ownerReferences?.find(({ controller, kind }) => controller === true && kind === "Job");
    if (owner === undefined) return;
    const keys = this.#pods.get(owner.uid) ?? new Set();
    this.#pods.set(owner.uid, keys);
    if (type === "DELETED") keys.delete(keyOf(pod));
    else keys.add(keyOf(pod));
    if (keys.size === 0) this.#pods.delete(owner.uid);
    const job = this.#store.get<Job>("jobs", pod.metadata.namespace, owner.name);
    if (job?.metadata.uid === owner.uid) this.#queue.add(keyOf(job), this.#timings.jobSync);
    else if (type !== "DELETED") this.#orphans.add(keyOf(pod));
  }

  #look(key: string): void {
    const [namespace = "", name = ""] = key.split("/");
    const job = this.#store.get<Job>("jobs", namespace, name);
    if (job === undefined || this.#creator.isBusy(job)) return;
    const { uid } = job.metadata;
    const now = this.#clock();
    const plan = syncJob({
      job,
      pods: [...(this.#pods.get(uid) ?? [])].map((podKey) => this.#pod(podKey)).filter((pod) => pod !== undefined),
      now,
      backoff: this.#backoffs.get(uid) ?? NO_BACKOFF,
      backoffUnit: this.#timings.jobBackoff,
    });
    this.#backoffs.set(uid, plan.backoff);
    this.#carryOut(job, plan);
    if (plan.again !== undefined && Number.isFinite(plan.again)) this.#queue.add(key, Math.max(0, plan.again - now));
  }

  #carryOut(job: Job, plan: JobPlan): void {
    for (const pod of plan.disown) this.#release(pod);
    for (const pod of plan.remove) this.#remove(job, pod);
    let refused = 0;
    for (let i = 0; i < plan.create; i++) refused += this.#creator.create(job) ? 0 : 1;
    this.#writeStatus(job, plan.counting, refused);
    for (const pod of plan.release) this.#release(pod);
    this.#writeStatus(job, plan.counted, refused);
    for (const event of plan.events) this.#record(job, event);
  }

  #remove(job: Job, pod: Pod): void {
    this.#store.delete("pods", pod.metadata.namespace, pod.metadata.name, { preconditions: { uid: pod.metadata.uid } });
    const message = `Deleted pod: ${pod.metadata.name}`;
    this.#record(job, { type: "Normal", reason: "SuccessfulDelete", message });
  }

  #release(pod: Pod): void {
    this.#store.mutate<Pod>("pods", pod.metadata.namespace, pod.metadata.name, (draft) => {
      if (draft.metadata.uid !== pod.metadata.uid) return;
      const kept = draft.metadata.finalizers?.filter((finalizer) => finalizer !== TRACKING_FINALIZER) ?? [];
      if (kept.length > 0) draft.metadata.finalizers = kept;
      else delete draft.metadata.finalizers;
    });
  }

  #writeStatus(job: Job, status: JobStatus, refused: number): void {
    this.#store.mutate<Job>("jobs", job.metadata.namespace, job.metadata.name, (draft) => {
      if (draft.metadata.uid !== job.metadata.uid) return;
      const { active = 0, ...rest } = status;
      draft.status = active > refused ? { ...rest, active: active - refused } : rest;
    });
  }

  #pod(key: string): Pod | undefined {
    const [namespace = "", name = ""] = key.split("/");
    return this.#store.get<Pod>("pods", namespace, name);
  }
}
