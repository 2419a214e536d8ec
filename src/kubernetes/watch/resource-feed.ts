import { ApiError } from "../api-error.ts";
import type { KubernetesClient } from "../client.ts";
import { fullJitter } from "../http/backoff.ts";
import { doubtMsOf } from "../http/retry.ts";
import type { KubeObject, ResourceType } from "../resource-types.ts";
import type { MissingRights } from "./missing-rights.ts";
import { type Change, ResourceView } from "./resource-view.ts";
import { type WatchEvent, watch } from "./watch.ts";

/**
 * `connecting` nothing known yet; `watching` events arrive; `polling` the right to watch is missing, lists are read
 * instead; `disconnected` neither works at the moment.
 */
export interface FeedHealth {
  readonly state: "connecting" | "watching" | "polling" | "disconnected";
  /** Since when the state lasts, milliseconds since 1970. */
  readonly since: number;
  /** When the server last told anything of the collection, by a bookmark or more, milliseconds since 1970; 0 = never. */
  readonly lastContactAt: number;
  /** Why it is disconnected, or polling. */
  readonly error?: ApiError;
}

export interface FeedOptions<T extends KubeObject> {
  readonly client: KubernetesClient;
  readonly type: ResourceType<T>;
  /** undefined: all of them. */
  readonly namespace: string | undefined;
  readonly labelSelector: string;
  /** Milliseconds between lists when the right to watch is missing; each wait is spread by a fifth. */
  readonly pollMs: number;
  readonly onChange: (change: Change<T>) => void;
  /** Called for as long as there is a denial, at each attempt. */
  readonly onDenial: (error: ApiError) => void;
  /** Are told whether the collection may be watched. */
  readonly rights: Pick<MissingRights, "allowed" | "refused">;
}

/** Milliseconds since a watch was last heard of, by which it is current: a bookmark comes each minute. */
export const CURRENT_FOR_MS = 90_000;

/** While polling, the watch is tried again this often, milliseconds: the right may have been granted. */
const WATCH_AGAIN_MS = 600_000;

/** Keeps the view of one collection up to date, by a watch where allowed, by lists elsewhere. */
export class ResourceFeed<T extends KubeObject> {
  readonly view = new ResourceView<T>();
  readonly #options: FeedOptions<T>;
  #health: Omit<FeedHealth, "lastContactAt">;
  #lastContactAt = 0;
  #synced = Promise.withResolvers<void>();
  #hasSynced = false;
  #refusals = 0;
  #denials = 0;
  #deniedSince = 0;
  #denial: ApiError | undefined;

  constructor(options: FeedOptions<T>) {
    this.#options = options;
    this.#health = { state: "connecting", since: options.client.clock.now() };
  }

  get health(): FeedHealth {
    return { ...this.#health, lastContactAt: this.#lastContactAt };
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** Everything that exists is known, by a watch that is up and was heard of lately. */
  get isCurrent(): boolean {
    const isLate = this.#options.client.clock.now() - this.#lastContactAt >= CURRENT_FOR_MS;
    return this.#hasSynced && this.#health.state === "watching" && !isLate;
  }

  /** Resolves once everything that exists is known. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  /**
   * Why the collection may neither be watched nor listed, or not with these credentials; undefined = it may. Set when
   * every answer has been a refusal for as long as one is doubted, and two at least: a server that has just started
   * refuses what it will soon allow.
   */
  get denial(): ApiError | undefined {
    return this.#denial;
  }

  /** Runs until aborted. Never throws. */
  async run(signal: AbortSignal): Promise<void> {
    const { client, type, namespace, labelSelector } = this.#options;
    while (!signal.aborted) {
      for await (const event of watch(client, type, namespace, { labelSelector }, signal)) {
        if (event.type === "FORBIDDEN") this.#refused(event.error);
        else this.#take(event);
      }
      if (!signal.aborted) await this.#poll(signal);
    }
  }

  /**
   * Has the view compared with a fresh list, as soon as the watch has got as far. A failure changes nothing.
   */
  async resync(signal: AbortSignal): Promise<void> {
    if (this.#health.state !== "watching" || !this.#hasSynced) return;
    const { client, type, namespace, labelSelector } = this.#options;
    try {
      const { items, resourceVersion } = await client.list(type, namespace, { labelSelector, signal, retryForMs: 0 });
      this.view.verify(items, resourceVersion);
    } catch (thrown) {
      if (!(thrown instanceof ApiError) && !signal.aborted) throw thrown;
    }
  }

  #take(event: Exclude<WatchEvent<T>, { type: "FORBIDDEN" }>): void {
    // A watch that has only connected again shows what it showed before: it may be told next that this is too old.
    if (event.type !== "DISCONNECTED" && event.type !== "CONNECTED")
      this.#lastContactAt = this.#options.client.clock.now();
    switch (event.type) {
      case "CONNECTED":
        this.#refusals = 0;
        this.#allow();
        this.#options.rights.allowed(this.#options.type.plural);
        this.#setState("watching");
        return;
      case "DISCONNECTED":
        this.#options.client.traffic?.watchEnded(this.#options.type.plural, event.error?.kind ?? "closed");
        if (event.error) this.#fail(event.error);
        return;
      case "LISTED":
        if (this.#hasSynced) this.#options.client.traffic?.relisted(this.#options.type.plural);
        this.#listed(event.objects);
        return;
      case "BOOKMARK":
        this.#deliver(this.view.reached(event.resourceVersion));
        return;
      case "ADDED":
      case "MODIFIED":
      case "DELETED":
        this.#deliver(this.view.apply(event.type, event.object));
    }
  }

  #listed(objects: readonly Change<T>["object"][]): void {
    this.#deliver(this.view.replace(objects));
    this.#hasSynced = true;
    this.#synced.resolve();
  }

  #deliver(changes: readonly Change<T>[]): void {
    for (const change of changes) this.#options.onChange(change);
  }

  /**
   * A server that has just started refuses what it will soon allow, before it knows its roles: the first refusal is
   * followed by one list, only the second counts.
   */
  async #poll(signal: AbortSignal): Promise<void> {
    const { client, type, namespace, labelSelector, pollMs } = this.#options;
    const until = client.clock.now() + (this.#refusals < 2 ? 0 : WATCH_AGAIN_MS);
    let failures = 0;
    do {
      let error: ApiError | undefined;
      try {
        const { items } = await client.list(type, namespace, { labelSelector, signal, retryForMs: 0 });
        failures = 0;
        this.#lastContactAt = client.clock.now();
        this.#allow();
        this.#setState("polling", this.#health.error);
        this.#listed(items);
      } catch (thrown) {
        if (signal.aborted) return;
        if (!(thrown instanceof ApiError)) throw thrown;
        error = thrown;
        this.#fail(error);
      }
      const jittered = pollMs * (0.8 + 0.4 * client.random());
      const wait = error ? (error.retryAfterMs ?? 0) + jittered + fullJitter(failures++, client.random) : jittered;
      await client.clock.sleep(wait, signal).catch(() => undefined);
    } while (!signal.aborted && client.clock.now() < until);
  }

  #refused(error: ApiError): void {
    this.#refusals++;
    this.#setState("disconnected", error);
    if (this.#refusals >= 2) this.#options.rights.refused(this.#options.type.plural, error);
  }

  #fail(error: ApiError): void {
    this.#setState("disconnected", error);
    if (!error.forbidden && !error.unauthorized) return;
    const now = this.#options.client.clock.now();
    if (this.#denials === 0) this.#deniedSince = now;
    if (++this.#denials < 2 || now - this.#deniedSince < (doubtMsOf(error) ?? 0)) return;
    this.#denial = error;
    this.#options.onDenial(error);
  }

  #allow(): void {
    this.#denials = 0;
    this.#denial = undefined;
  }

  #setState(state: FeedHealth["state"], error?: ApiError): void {
    if (this.#health.state === state && this.#health.error?.message === error?.message) return;
    const same = this.#health.state === state;
    const since = same ? this.#health.since : this.#options.client.clock.now();
    this.#health = { state, since, ...(error && { error }) };
  }
}
