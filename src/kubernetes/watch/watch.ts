import { ApiError } from "../api-error.ts";
import type { KubernetesClient } from "../client.ts";
import { fullJitter } from "../http/backoff.ts";
import type { Call } from "../http/transport.ts";
import { type KubeObject, pathOf, type ResourceType, type Stored } from "../resource-types.ts";
import { type StreamEnd, type StreamEvent, watchStream } from "./watch-stream.ts";

/** The events of a watch, which survives every transient fault; it ends when aborted, or with `FORBIDDEN`. */
export type WatchEvent<T extends KubeObject> =
  /** All existing objects: at the start, and again whenever events may have been missed. */
  | { readonly type: "LISTED"; readonly objects: readonly Stored<T>[]; readonly resourceVersion: string }
  /** For DELETED the object's last state. */
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: Stored<T> }
  | { readonly type: "BOOKMARK"; readonly resourceVersion: string }
  | { readonly type: "CONNECTED" }
  /** `error` is absent when the server closed the watch in order, as it does each half hour or hour. */
  | { readonly type: "DISCONNECTED"; readonly error?: ApiError; readonly retryInMs: number }
  | { readonly type: "FORBIDDEN"; readonly error: ApiError };

export interface WatchOptions {
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** Milliseconds without a byte (bookmarks come each minute) after which the connection is renewed. @default 150000 */
  readonly idleTimeoutMs?: number | undefined;
  /** Milliseconds until a watch must begin to answer. @default 30000 */
  readonly openTimeoutMs?: number | undefined;
  /** Bytes of one event; a Kubernetes object has at most 1.5 MiB. @default 16777216 */
  readonly maxLineBytes?: number | undefined;
}

/** Seconds that the server shall keep one watch open: jittered, so that many watches do not come back together. */
const LIFETIME_SEC = { least: 1800, most: 3600 };

/** Watches a collection, in all namespaces where none is given, for as long as the signal allows. Never throws for what a server or a network does. */
export async function* watch<T extends KubeObject>(
  client: KubernetesClient,
  type: ResourceType<T>,
  namespace: string | undefined,
  options: WatchOptions,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent<T>, void, void> {
  yield* new Watch(client, type, namespace, options, signal).run();
}

/** Milliseconds: a connection that the server closes sooner counts as a failure for the backoff. */
const SHORT_LIVED_MS = 10_000;

/** Failed connections in a row after which lists are read as well: some proxies let no watch through. */
const FAILURES_BEFORE_LISTING = 6;

/** `failed`: the backoff grows. */
type Step = { readonly next: "again" | "forbidden"; readonly failed: boolean; readonly error?: ApiError };

class Watch<T extends KubeObject> {
  readonly #client: KubernetesClient;
  readonly #type: ResourceType<T>;
  readonly #namespace: string | undefined;
  readonly #options: WatchOptions;
  readonly #signal: AbortSignal;
  /** Where to resume; undefined when a full list is needed. */
  #resourceVersion: string | undefined;
  /** Whether the server sends the initial state in the watch itself (on from 1.34, refused with 422 where off). */
  #sendsInitial = true;
  #openedAt = 0;
  #failures = 0;
  #idleEnds = 0;

  constructor(
    client: KubernetesClient,
    type: ResourceType<T>,
    namespace: string | undefined,
    options: WatchOptions,
    signal: AbortSignal,
  ) {
    this.#client = client;
    this.#type = type;
    this.#namespace = namespace;
    this.#options = options;
    this.#signal = signal;
  }

  async *run(): AsyncGenerator<WatchEvent<T>, void, void> {
    while (!this.#signal.aborted) {
      const { next, failed, error } = yield* this.#connect();
      if (this.#signal.aborted) return;
      if (next === "forbidden" && error) {
        yield { type: "FORBIDDEN", error };
        return;
      }
      const retryInMs = (error?.retryAfterMs ?? 0) + fullJitter(this.#failures, this.#client.random);
      if (failed) this.#failures++;
      yield { type: "DISCONNECTED", retryInMs, ...(error && { error }) };
      await this.#client.clock.sleep(retryInMs, this.#signal).catch(() => undefined);
    }
  }

  /** One connection, from the initial state (if it is needed) to its end. */
  async *#connect(): AsyncGenerator<WatchEvent<T>, Step, void> {
    const initial = this.#resourceVersion === undefined && this.#sendsInitial;
    if (this.#resourceVersion === undefined && !initial) {
      const step = yield* this.#list();
      if (step) return step;
    }
    const end = yield* this.#stream(initial);
    const step = this.#judge(end, initial);
    // Only now: a watch reports a deletion with the object's last state, a list does not.
    if (step.failed && step.next === "again" && this.#failures >= FAILURES_BEFORE_LISTING) yield* this.#list();
    return step;
  }

  async *#list(): AsyncGenerator<WatchEvent<T>, Step | undefined, void> {
    try {
      const { labelSelector, fieldSelector } = this.#options;
      const query = { labelSelector, fieldSelector, signal: this.#signal, retryForMs: 0 };
      const { items, resourceVersion } = await this.#client.list(this.#type, this.#namespace, query);
      this.#resourceVersion = resourceVersion;
      yield { type: "LISTED", objects: items, resourceVersion };
      return undefined;
    } catch (thrown) {
      if (this.#signal.aborted) return { next: "again", failed: false };
      if (!(thrown instanceof ApiError)) throw thrown;
      return { next: thrown.forbidden ? "forbidden" : "again", failed: true, error: thrown };
    }
  }

  async *#stream(initial: boolean): AsyncGenerator<WatchEvent<T>, StreamEnd, void> {
    const { idleTimeoutMs = 150_000, openTimeoutMs = 30_000, maxLineBytes = 16 * 1024 * 1024 } = this.#options;
    const limits = { idleTimeoutMs, openTimeoutMs, maxLineBytes };
    const stream = watchStream<T>(this.#client.transport, this.#call(initial), limits, this.#signal);
    const gathered = initial ? new Map<string, Stored<T>>() : undefined;
    let listing = initial;
    for (;;) {
      const step = await stream.next();
      if (step.done) return step.value;
      const event = step.value;
      if (event.type === "ERROR") {
        await stream.return({ why: "closed" });
        return { why: "failed", error: event.error };
      }
      if (event.type === "OPENED") {
        this.#openedAt = this.#client.clock.now();
        yield { type: "CONNECTED" };
        continue;
      }
      if (listing && gathered) {
        listing = !endsInitialEvents(event);
        if (!listing) yield* this.#listed(gathered, event.object.metadata.resourceVersion);
        else if (event.type === "BOOKMARK") return this.#withoutInitial(stream);
        else gather(gathered, event);
        continue;
      }
      this.#failures = 0;
      this.#idleEnds = 0;
      const { resourceVersion } = event.object.metadata;
      this.#resourceVersion = resourceVersion;
      if (event.type === "BOOKMARK") yield { type: "BOOKMARK", resourceVersion };
      else yield { type: event.type, object: event.object };
    }
  }

  *#listed(gathered: Map<string, Stored<T>>, resourceVersion: string): Generator<WatchEvent<T>, void, void> {
    this.#resourceVersion = resourceVersion;
    const objects = [...gathered.values()];
    gathered.clear();
    yield { type: "LISTED", objects, resourceVersion };
  }

  /** A server from before 1.27 ignores `sendInitialEvents`: its bookmarks come, the end mark never does. */
  async #withoutInitial(stream: AsyncGenerator<unknown, StreamEnd, void>): Promise<StreamEnd> {
    this.#sendsInitial = false;
    await stream.return({ why: "closed" });
    return { why: "closed" };
  }

  /** What the end of a connection means for the next one. */
  #judge(end: StreamEnd, initial: boolean): Step {
    const unlisted = initial && this.#resourceVersion === undefined;
    switch (end.why) {
      case "aborted":
        return { next: "again", failed: false };
      case "closed": {
        if (unlisted) this.#sendsInitial = false;
        // A proxy may close every connection at once: back off, as after a failure.
        const short = this.#client.clock.now() - this.#openedAt < SHORT_LIVED_MS;
        if (!short) this.#failures = 0;
        return { next: "again", failed: short };
      }
      case "idle":
        if (unlisted) this.#sendsInitial = false;
        // A resourceVersion that the server has not reached (restored from a backup) is not answered at all (measured).
        if (++this.#idleEnds >= 2) this.#resourceVersion = undefined;
        return { next: "again", failed: true, error: this.#idleError() };
      case "failed":
        return this.#judgeFailure(end.error, initial);
    }
  }

  #judgeFailure(error: ApiError, initial: boolean): Step {
    if (error.forbidden) return { next: "forbidden", failed: true, error };
    if (error.expired) {
      this.#resourceVersion = undefined;
      return { next: "again", failed: true };
    }
    if (initial && (error.status === 422 || error.status === 400)) {
      this.#sendsInitial = false;
      return { next: "again", failed: false };
    }
    return { next: "again", failed: true, error };
  }

  #call(initial: boolean): Call {
    const { labelSelector, fieldSelector } = this.#options;
    const { least, most } = LIFETIME_SEC;
    return {
      request: { verb: "watch", resource: this.#type.plural, namespace: this.#namespace },
      method: "GET",
      path: pathOf(this.#type, this.#namespace),
      query: {
        watch: true,
        allowWatchBookmarks: true,
        timeoutSeconds: least + Math.floor(this.#client.random() * (most - least)),
        labelSelector,
        fieldSelector,
        ...(initial
          ? { sendInitialEvents: true, resourceVersionMatch: "NotOlderThan" }
          : { resourceVersion: this.#resourceVersion }),
      },
    };
  }

  #idleError(): ApiError {
    const request = { verb: "watch", resource: this.#type.plural, namespace: this.#namespace };
    return new ApiError({ kind: "timeout", request, detail: "the connection was idle for too long" });
  }
}

type ObjectEvent<T extends KubeObject> = Exclude<StreamEvent<T>, { type: "OPENED" } | { type: "ERROR" }>;

function gather<T extends KubeObject>(objects: Map<string, Stored<T>>, event: ObjectEvent<T>): void {
  const { uid } = event.object.metadata;
  if (event.type === "DELETED") objects.delete(uid);
  else if (event.type !== "BOOKMARK") objects.set(uid, event.object);
}

function endsInitialEvents<T extends KubeObject>(event: ObjectEvent<T>): boolean {
  return event.type === "BOOKMARK" && event.object.metadata.annotations?.["k8s.io/initial-events-end"] === "true";
}
