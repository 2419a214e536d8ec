import type { HistoryEntry } from "../store/history.ts";
import type { KubeObject } from "../types.ts";
import { type ApiError, badRequest, invalid } from "./api-error.ts";
import { expired } from "./list.ts";
import { presented } from "./presented.ts";
import { createQueue } from "./queue.ts";
import type { Answer, ApiContext, ResourceRequest } from "./request.ts";
import { apiVersionOf, type ResourceDefinition } from "./resources.ts";
import { type Matcher, selection } from "./selectors.ts";
import { tableFor, wantsTable } from "./table.ts";

const DEFAULT_LIFETIME = { min: 1800, max: 3600 };

interface WireEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: object;
}

export function wantsWatch({ query, target }: ResourceRequest): boolean {
  return target.watch || ["true", "1"].includes(query.get("watch") ?? "");
}

/** GET with watch=true: one JSON event a line until timeoutSeconds (clean end) or the client goes. */
export function watch(request: ResourceRequest, context: ApiContext): Answer {
  const { query, target } = request;
  const matches = selection(target.definition.name, query, target);
  const start = startOf(query, target.definition);
  const table = wantsTable(request.headers.accept);
  const encode = encoder(target.definition, table);
  return {
    kind: "stream",
    contentType: "application/json",
    chunks: events(request, context, { matches, start, encode }),
  };
}

interface Plan {
  readonly matches: Matcher;
  readonly start: Start;
  readonly encode: (event: WireEvent) => Uint8Array;
}

/** Where a watch begins: at a revision, or with the present state told as ADDED. */
type Start = { readonly from: number } | { readonly from: "state"; readonly announceEnd: boolean };

function startOf(query: URLSearchParams, definition: ResourceDefinition): Start {
  const text = query.get("resourceVersion") ?? "";
  if (text !== "" && !/^\d+$/.test(text)) throw badRequest(`invalid resource version "${text}"`);
  const match = query.get("resourceVersionMatch") ?? "";
  if (query.get("sendInitialEvents") === "true") {
    if (match !== "NotOlderThan") {
      const message = "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
      throw invalid({ ...definition, kind: "ListOptions", group: "meta.k8s.io" }, "", [
        { field: "resourceVersionMatch", reason: "FieldValueForbidden", message },
      ]);
    }
    return { from: "state", announceEnd: query.get("allowWatchBookmarks") === "true" };
  }
  if (query.get("sendInitialEvents") === "false") return { from: text === "" ? Number.NaN : Number(text) };
  if (text === "" || text === "0") return { from: "state", announceEnd: false };
  return { from: Number(text) };
}

async function* events(request: ResourceRequest, context: ApiContext, plan: Plan): AsyncGenerator<Uint8Array> {
  const { store, bookmarkInterval } = context;
  const { definition } = request.target;
  const queue = createQueue<WireEvent>();
  const send = (event: WireEvent): void => queue.push(event);
  const begin =
    plan.start.from === "state" || !Number.isNaN(plan.start.from)
      ? plan.start
      : { from: Number(store.resourceVersion) };
  // A revision that has not happened yet hangs silently until it does (measured).
  const floor = begin.from === "state" ? Number(store.resourceVersion) : begin.from;
  const tell = (entry: HistoryEntry): void => {
    if (entry.event.resource !== definition.name || entry.revision <= floor) return;
    const event = seen(entry, plan.matches);
    if (event !== undefined) send(event);
  };
  const past = begin.from === "state" ? [] : store.historySince(begin.from);
  if (past === "expired") {
    yield plan.encode({ type: "ERROR", object: expired(floor, store.oldestRevision).status });
    return;
  }
  const bookmark = (annotations?: Record<string, string>): void => {
    if (floor <= Number(store.resourceVersion)) send(bookmarkOf(definition, store.resourceVersion, annotations));
  };
  if (begin.from === "state") {
    const present = store.list(definition.name, request.target.namespace).filter(plan.matches);
    for (const object of present) send({ type: "ADDED", object });
    if (begin.announceEnd) bookmark({ "k8s.io/initial-events-end": "true" });
  }
  for (const entry of past) tell(entry);
  const stopTelling = store.onWrite(tell);
  const bookmarks = request.query.get("allowWatchBookmarks") === "true";
  // Measured: one at once, then each minute.
  if (bookmarks && !(begin.from === "state" && begin.announceEnd)) bookmark();
  const ticking = bookmarks ? setInterval(bookmark, bookmarkInterval) : undefined;
  const ending = setTimeout(() => queue.end(), lifetime(request.query) * 1000);
  const gone = (): void => queue.end();
  request.signal.addEventListener("abort", gone, { once: true });
  try {
    for await (const event of queue) yield plan.encode(event);
  } finally {
    stopTelling();
    clearInterval(ticking);
    clearTimeout(ending);
    request.signal.removeEventListener("abort", gone);
  }
}

function lifetime(query: URLSearchParams): number {
  const seconds = Number(query.get("timeoutSeconds") ?? 0);
  if (seconds > 0) return seconds;
  return DEFAULT_LIFETIME.min + Math.random() * (DEFAULT_LIFETIME.max - DEFAULT_LIFETIME.min);
}

/** What a selector makes of a write: an object that stops matching is told as DELETED with its last matching state. */
function seen({ event, previous }: HistoryEntry, matches: Matcher): WireEvent | undefined {
  const { type, object } = event;
  const is = type !== "DELETED" && matches(object);
  const was = previous !== undefined && matches(previous);
  if (is) return { type: was ? "MODIFIED" : "ADDED", object };
  if (!was) return undefined;
  if (type === "DELETED") return { type, object };
  const metadata = { ...previous.metadata, resourceVersion: object.metadata.resourceVersion };
  return { type: "DELETED", object: { ...previous, metadata } };
}

function bookmarkOf(
  definition: ResourceDefinition,
  resourceVersion: string,
  annotations: Record<string, string> | undefined,
): WireEvent {
  const metadata = {
    resourceVersion,
    creationTimestamp: null,
    ...(annotations === undefined ? {} : { annotations }),
  };
  return { type: "BOOKMARK", object: { kind: definition.kind, apiVersion: apiVersionOf(definition), metadata } };
}

function encoder(definition: ResourceDefinition, table: boolean): (event: WireEvent) => Uint8Array {
  let first = true;
  return ({ type, object }) => {
    let shown: object = object;
    if (type !== "ERROR" && type !== "BOOKMARK") {
      const view = presented(definition, object as KubeObject);
      shown = table ? tableFor(definition, [view], { resourceVersion: view.metadata.resourceVersion }, first) : view;
      first = false;
    }
    return Buffer.from(`${JSON.stringify({ type, object: shown })}\n`);
  };
}

export type { ApiError };
