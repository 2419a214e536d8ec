/** Who is in which queue, who has which quota, and who has to go for whom. */
import type { Job } from "../controllers/objects.ts";
import { plain } from "../store/plain.ts";
import type { KubeObject, Store } from "../types.ts";
import { type Entry, priorityClassOf, queueName } from "./entry.ts";
import { type Amounts, requestsOf, total } from "./quota.ts";
import { gatesOf } from "./webhooks.ts";

interface Releasing {
  readonly clusterQueue: string;
  readonly requests: Amounts;
  readonly at: number;
}

export interface Pending {
  readonly job: Job;
  readonly priority: number;
  readonly inLocalQueue: number;
  readonly inClusterQueue: number;
}

export class Ledger {
  /** By the Job's uid. */
  readonly entries = new Map<string, Entry>();
  readonly #store: Pick<Store, "get">;
  /** Quota of Jobs that have ended, which is free a moment later. */
  readonly #releasing = new Map<string, Releasing>();

  constructor(store: Pick<Store, "get">) {
    this.#store = store;
  }

  /** Null: its priority class does not exist. */
  priorityOf(job: Job): number | null {
    const name = priorityClassOf(job);
    if (name === "") return 0;
    const found = this.#store.get("workloadpriorityclasses", "", name);
    return found ? Number(found.value ?? 0) : null;
  }

  /** @param at when its quota is free */
  release({ job, phase, clusterQueue }: Entry, at: number): void {
    if (phase !== "admitted" && phase !== "evicting") return;
    this.#releasing.set(job.metadata.uid, { clusterQueue, requests: requestsOf(job), at });
  }

  /** Forgets what is free by now. Milliseconds until something else is; infinite: nothing. */
  settle(now: number): number {
    for (const [uid, { at }] of this.#releasing) if (at <= now) this.#releasing.delete(uid);
    return Math.min(...[...this.#releasing.values()].map(({ at }) => at - now));
  }

  used(clusterQueue: string): Amounts {
    const living = this.#of(clusterQueue, ["admitted", "evicting"]).map(({ job }) => requestsOf(job));
    const going = [...this.#releasing.values()].filter((one) => one.clusterQueue === clusterQueue);
    return total([...living, ...going.map(({ requests }) => requests)]);
  }

  /** Those that wait, in the order in which they are tried. */
  line(): Entry[] {
    const priority = ({ job }: Entry): number => this.priorityOf(job) ?? 0;
    return [...this.entries.values()]
      .filter(({ phase }) => phase === "pending")
      .toSorted((a, b) => priority(b) - priority(a) || a.arrivedAt - b.arrivedAt);
  }

  isEvicting(clusterQueue: string): boolean {
    return this.#of(clusterQueue, ["evicting"]).length > 0;
  }

  /** Among those of lower priority the lowest, then the one admitted last; none while another is on its way out. */
  victimOf(job: Job, { spec, metadata }: KubeObject): Entry | null {
    const policy = plain(plain(spec).preemption).withinClusterQueue;
    if (policy !== "LowerPriority" || this.isEvicting(metadata.name)) return null;
    const priority = (of: Job): number => this.priorityOf(of) ?? 0;
    const lower = this.#of(metadata.name, ["admitted"]).filter((entry) => priority(entry.job) < priority(job));
    return lower.toSorted((a, b) => priority(a.job) - priority(b.job) || b.admittedAt - a.admittedAt)[0] ?? null;
  }

  /** Of a LocalQueue, those that wait without being gated, first come first. */
  pending(namespace: string, localQueue: string): readonly Pending[] {
    const cluster = this.#clusterQueueOf(namespace, localQueue);
    const line = this.line().filter(
      ({ job }) =>
        this.#clusterQueueOf(job.metadata.namespace, queueName(job)) === cluster && gatesOf(job).length === 0,
    );
    const own = line.filter(({ job }) => job.metadata.namespace === namespace && queueName(job) === localQueue);
    return own.map((entry, inLocalQueue) => ({
      job: entry.job,
      priority: this.priorityOf(entry.job) ?? 0,
      inLocalQueue,
      inClusterQueue: line.indexOf(entry),
    }));
  }

  #of(clusterQueue: string, phases: readonly Entry["phase"][]): Entry[] {
    return [...this.entries.values()].filter(
      (entry) => entry.clusterQueue === clusterQueue && phases.includes(entry.phase),
    );
  }

  #clusterQueueOf(namespace: string, localQueue: string): string {
    return String(plain(this.#store.get("localqueues", namespace, localQueue)?.spec).clusterQueue ?? "");
  }
}
