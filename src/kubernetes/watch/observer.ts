import type { Job } from "kubernetes-types/batch/v1.js";
import type { Pod } from "kubernetes-types/core/v1.js";
import type { ApiError } from "../api-error.ts";
import type { KubernetesClient } from "../client.ts";
import { jobs, pods, type Stored } from "../resource-types.ts";
import { Listeners, type Observation, type ObservationFilter, type ObservationListener } from "./listeners.ts";
import { MissingRights } from "./missing-rights.ts";
import { News } from "./news.ts";
import { PodsByJob } from "./pods-by-job.ts";
import { type FeedHealth, ResourceFeed } from "./resource-feed.ts";

export type { Observation, ObservationFilter, ObservationListener } from "./listeners.ts";

/** What the watches show at this moment. */
export interface Seen {
  jobs(): Iterable<Stored<Job>>;
  /** undefined: it is gone. */
  job(uid: string): Stored<Job> | undefined;
  /** Those of one Job. */
  podsOf(uid: string): readonly Stored<Pod>[];
}

export interface ObserverHealth {
  readonly jobs: FeedHealth;
  readonly pods: FeedHealth;
  /** Listeners that threw, counted since the process began. */
  readonly listenerErrors: number;
}

export interface ObserverOptions {
  /** undefined: all of them. */
  readonly namespace: string | undefined;
  readonly labelSelector: string;
  /** Milliseconds between comparisons with a fresh list, of Jobs and of Pods in turn. @default 600000 */
  readonly resyncMs?: number;
  /** Milliseconds between lists where the right to watch is missing. @default 5000 */
  readonly pollMs?: number;
  /** Called for each listener that throws, and with the rights that are missing: at most once an hour while they are the same. @default nothing */
  readonly warn?: (message: string) => void;
  /** What has been warned of. @default of this observer only */
  readonly news?: News;
}

interface Session {
  readonly stop: AbortController;
  readonly jobs: ResourceFeed<Job>;
  readonly pods: ResourceFeed<Pod>;
  readonly podsByJob: PodsByJob;
  readonly ended: Promise<unknown>;
}

/**
 * Watches all Jobs and Pods of one namespace and label selector over two watches, however many listeners there are. The
 * first listener starts it; when the last one leaves, its connections are closed.
 */
export class Observer {
  readonly #client: KubernetesClient;
  readonly #options: ObserverOptions;
  readonly #listeners: Listeners;
  readonly #news: News;
  /** Listeners, and those who only keep the watches up. */
  #users = 0;
  readonly #whenDenied = new Set<(error: ApiError) => void>();
  #session: Session | undefined;
  #ending: Promise<unknown> = Promise.resolve();

  constructor(client: KubernetesClient, options: ObserverOptions) {
    this.#client = client;
    this.#options = options;
    this.#listeners = new Listeners(options.warn);
    this.#news = options.news ?? new News();
  }

  /**
   * Calls back for everything known at this moment (`CURRENT`, before this returns) and for each change from then on.
   * Returns the function that unsubscribes, which may be called twice. A listener that throws is counted and stays subscribed.
   */
  observe(filter: ObservationFilter | undefined, listener: ObservationListener): () => void {
    const leave = this.hold();
    const stop = this.#listeners.add(filter, listener, (jobUid) => this.#known(jobUid));
    return () => {
      stop();
      leave();
    };
  }

  /** Keeps the watches up, for somebody who is told nothing. Returns the function that ends it, which may be called twice. */
  hold(): () => void {
    this.#users += 1;
    if (!this.#session) this.#start();
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#users -= 1;
      if (this.#users === 0) this.#stop();
    };
  }

  /**
   * Resolves once all existing Jobs and Pods have been delivered: what was not by then does not exist. Rejects with the
   * signal's reason. Throws without a listener.
   */
  async synced(signal?: AbortSignal): Promise<void> {
    const { jobs, pods } = this.#observed("synced");
    await this.#whileObserved(Promise.all([jobs.synced, pods.synced]), signal);
  }

  /** Resolves with the API server's refusal once it denies us Jobs or Pods. Rejects as `synced()` does. */
  async denied(signal?: AbortSignal): Promise<ApiError> {
    this.#observed("denied");
    const { promise, resolve } = Promise.withResolvers<ApiError>();
    if (this.denial) resolve(this.denial);
    this.#whenDenied.add(resolve);
    try {
      return await this.#whileObserved(promise, signal);
    } finally {
      this.#whenDenied.delete(resolve);
    }
  }

  /** Why Jobs or Pods may not be observed at this moment; undefined = they may. */
  get denial(): ApiError | undefined {
    return this.#session?.jobs.denial ?? this.#session?.pods.denial;
  }

  get health(): ObserverHealth | undefined {
    const session = this.#session;
    return session && { jobs: session.jobs.health, pods: session.pods.health, listenerErrors: this.#listeners.errors };
  }

  /** What exists, without a request; null while a watch is not up, or has not been heard of for so long that it may be late. */
  get seen(): Seen | null {
    const { jobs, pods, podsByJob } = this.#session ?? {};
    if (!jobs?.isCurrent || !pods?.isCurrent || !podsByJob) return null;
    return { jobs: () => jobs.view.objects, job: (uid) => jobs.view.get(uid), podsOf: (uid) => podsByJob.of(uid) };
  }

  /** Resolves when nothing runs any more after the last listener has left. */
  async idle(): Promise<void> {
    await this.#ending;
  }

  /** @param jobUid undefined: everything */
  #known(jobUid: string | undefined): Observation[] {
    const { jobs, pods, podsByJob } = this.#observed("observing");
    const job = jobUid === undefined ? undefined : jobs.view.get(jobUid);
    const knownJobs = jobUid === undefined ? [...jobs.view.objects] : job ? [job] : [];
    const knownPods = jobUid === undefined ? [...pods.view.objects] : podsByJob.of(jobUid);
    return [
      ...knownJobs.map((object) => ({ resource: "jobs", type: "CURRENT", object }) as const),
      ...knownPods.map((object) => ({ resource: "pods", type: "CURRENT", object }) as const),
    ];
  }

  #observed(what: string): Session {
    if (!this.#session) throw new Error(`${what}() needs a listener`);
    return this.#session;
  }

  async #whileObserved<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const { stop } = this.#observed("waiting");
    const { promise: stopped, reject } = Promise.withResolvers<never>();
    const onAbort = () => reject(signal?.reason ?? stop.signal.reason);
    const signals = [stop.signal, ...(signal ? [signal] : [])];
    for (const each of signals) each.addEventListener("abort", onAbort, { once: true });
    if (signals.some((each) => each.aborted)) onAbort();
    try {
      return await Promise.race([work, stopped]);
    } finally {
      for (const each of signals) each.removeEventListener("abort", onAbort);
    }
  }

  #start(): Session {
    const { namespace, labelSelector, pollMs = 5000 } = this.#options;
    const tell = (sentence: string) => this.#warnSeldom(sentence);
    const rights = new MissingRights({ resources: [jobs.plural, pods.plural], pollMs, tell });
    const onDenial = (error: ApiError) => {
      for (const waiting of this.#whenDenied) waiting(error);
    };
    const common = { client: this.#client, namespace, labelSelector, pollMs, rights, onDenial };
    const stop = new AbortController();
    const { signal } = stop;
    // What is still buffered when the last listener leaves is not delivered to the next one.
    const notify = (observation: Observation) => {
      if (!signal.aborted) this.#listeners.tell(observation);
    };
    const jobFeed = new ResourceFeed({
      ...common,
      type: jobs,
      onChange: (change) => notify({ resource: "jobs", ...change }),
    });
    const podsByJob = new PodsByJob();
    const podFeed = new ResourceFeed({
      ...common,
      type: pods,
      onChange: (change) => {
        podsByJob.take(change);
        notify({ resource: "pods", ...change });
      },
    });
    const ended = Promise.all([jobFeed.run(signal), podFeed.run(signal), this.#resync([jobFeed, podFeed], signal)]);
    this.#session = { stop, jobs: jobFeed, pods: podFeed, podsByJob, ended };
    return this.#session;
  }

  #warnSeldom(sentence: string): void {
    const { cluster, clock } = this.#client;
    if (this.#news.isNews(JSON.stringify([cluster.id, sentence]), clock.now())) this.#options.warn?.(sentence);
  }

  #stop(): void {
    const session = this.#session;
    if (!session) return;
    this.#session = undefined;
    session.stop.abort(new Error("the last listener has left"));
    this.#ending = Promise.all([this.#ending, session.ended]);
  }

  /** In turn, not both: a quiet hour must stay cheap, and bookmarks already show each minute that nothing is missed. */
  async #resync(feeds: readonly { resync(signal: AbortSignal): Promise<void> }[], signal: AbortSignal): Promise<void> {
    const { resyncMs = 600_000 } = this.#options;
    for (let turn = 0; !signal.aborted; turn++) {
      const wait = resyncMs * (0.8 + 0.4 * this.#client.random());
      await this.#client.clock.sleep(wait, signal).catch(() => undefined);
      if (!signal.aborted) await feeds[turn % feeds.length]?.resync(signal);
    }
  }
}
