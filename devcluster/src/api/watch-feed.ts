import type { HistoryEntry } from "../store/history.ts";
import type { ApiStore } from "../store/store.ts";
import { expired } from "./api-error.ts";
import { createQueue } from "./queue.ts";
import { apiVersionOf, type ResourceDefinition } from "./resources.ts";
import type { Matcher } from "./selectors.ts";

export interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: object;
}

export interface FeedOptions {
  readonly store: ApiStore;
  readonly definition: ResourceDefinition;
  /** "" is every namespace. */
  readonly namespace: string;
  readonly matches: Matcher;
  /** Where it begins: with the present state told as ADDED, or after a revision. */
  readonly start: "state" | number;
  /** `interval` in milliseconds; `endOfState` marks where the initial events end. */
  readonly bookmarks?: { readonly interval: number; readonly endOfState: boolean };
  /** Milliseconds until it ends by itself. */
  readonly lifetime: number;
  readonly signal: AbortSignal;
}

/** What a watch tells, in order, without a gap between the past and what happens from now on. */
export async function* watchFeed(options: FeedOptions): AsyncGenerator<WatchEvent> {
  const { store, definition, matches, start, bookmarks, lifetime, signal } = options;
  const queue = createQueue<WatchEvent>();
  // A revision that has not happened yet hangs silently until it does (measured).
  const floor = start === "state" ? Number(store.resourceVersion) : start;
  const tell = (entry: HistoryEntry): void => {
    if (entry.event.resource !== definition.name || entry.revision <= floor) return;
    const event = seen(entry, matches);
    if (event !== undefined) queue.push(event);
  };
  const past = start === "state" ? [] : store.historySince(start);
  if (past === "expired") {
    yield { type: "ERROR", object: expired(floor, store.oldestRevision).status };
    return;
  }
  const mark = (endOfState = false): void => {
    if (floor <= Number(store.resourceVersion)) queue.push(bookmark(definition, store.resourceVersion, endOfState));
  };
  if (start === "state") {
    for (const object of store.list(definition.name, options.namespace)) {
      if (matches(object)) queue.push({ type: "ADDED", object });
    }
  }
  for (const entry of past) tell(entry);
  // Measured: one at once, then each minute.
  if (bookmarks !== undefined) mark(bookmarks.endOfState);
  const stopTelling = store.onWrite(tell);
  const ticking = bookmarks === undefined ? undefined : setInterval(() => mark(), bookmarks.interval);
  const end = (): void => queue.end();
  const ending = setTimeout(end, lifetime);
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  try {
    yield* queue;
  } finally {
    stopTelling();
    clearInterval(ticking);
    clearTimeout(ending);
    signal.removeEventListener("abort", end);
  }
}

/** What a selector makes of a write: an object that stops matching is told as DELETED with its last matching state. */
function seen({ event, previous }: HistoryEntry, matches: Matcher): WatchEvent | undefined {
  const { type, object } = event;
  const is = type !== "DELETED" && matches(object);
  const was = previous !== undefined && matches(previous);
  if (is) return { type: was ? "MODIFIED" : "ADDED", object };
  if (!was) return undefined;
  if (type === "DELETED") return { type, object };
  const metadata = { ...previous.metadata, resourceVersion: object.metadata.resourceVersion };
  return { type: "DELETED", object: { ...previous, metadata } };
}

function bookmark(definition: ResourceDefinition, resourceVersion: string, endOfState: boolean): WatchEvent {
  const annotations = endOfState ? { annotations: { "k8s.io/initial-events-end": "true" } } : {};
  const metadata = { resourceVersion, creationTimestamp: null, ...annotations };
  return { type: "BOOKMARK", object: { kind: definition.kind, apiVersion: apiVersionOf(definition), metadata } };
}
