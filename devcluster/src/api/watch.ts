import type { KubeObject } from "../types.ts";
import { badRequest, invalid } from "./api-error.ts";
import { presented } from "./presented.ts";
import type { Answer, ApiContext, ResourceRequest } from "./request.ts";
import type { ResourceDefinition } from "./resources.ts";
import { selection } from "./selectors.ts";
import { tableFor, wantsTable } from "./table.ts";
import { type FeedOptions, type WatchEvent, watchFeed } from "./watch-feed.ts";

/** Seconds; a watch that names no timeout ends at random between them. */
const DEFAULT_LIFETIME = { min: 1800, max: 3600 };
const LONGEST_TIMER = 2 ** 31 - 1;

export function wantsWatch({ query, target }: ResourceRequest): boolean {
  return target.watch || ["true", "1"].includes(query.get("watch") ?? "");
}

/** GET with watch=true: one JSON event a line until timeoutSeconds (clean end) or the client goes. */
export function watch(request: ResourceRequest, { store, bookmarkInterval }: ApiContext): Answer {
  const { query, target, signal } = request;
  const { definition, namespace } = target;
  const start = startOf(query, definition);
  const wantsBookmarks = query.get("allowWatchBookmarks") === "true";
  const feed = watchFeed({
    store,
    definition,
    namespace,
    matches: selection(definition.name, query, target),
    start: start === "now" ? Number(store.resourceVersion) : start,
    ...(wantsBookmarks
      ? { bookmarks: { interval: bookmarkInterval, endOfState: query.get("sendInitialEvents") === "true" } }
      : {}),
    lifetime: lifetime(query),
    signal,
  });
  const table = wantsTable(request.headers.accept);
  return { kind: "stream", contentType: "application/json", chunks: encoded(feed, definition, table, store.clock) };
}

function startOf(query: URLSearchParams, definition: ResourceDefinition): FeedOptions["start"] | "now" {
  const revision = query.get("resourceVersion") ?? "";
  if (revision !== "" && !/^\d+$/.test(revision)) throw badRequest(`invalid resource version "${revision}"`);
  const initial = query.get("sendInitialEvents");
  if (initial === "true") {
    if (query.get("resourceVersionMatch") === "NotOlderThan") return "state";
    const message = "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
    throw invalid({ ...definition, kind: "ListOptions", group: "meta.k8s.io" }, "", [
      { field: "resourceVersionMatch", reason: "FieldValueForbidden", message },
    ]);
  }
  if (revision !== "" && revision !== "0") return Number(revision);
  return initial === "false" ? "now" : "state";
}

function lifetime(query: URLSearchParams): number {
  const { min, max } = DEFAULT_LIFETIME;
  const asked = Number(query.get("timeoutSeconds") ?? 0);
  const seconds = asked > 0 ? asked : min + Math.random() * (max - min);
  return Math.min(seconds * 1000, LONGEST_TIMER);
}

async function* encoded(
  feed: AsyncIterable<WatchEvent>,
  definition: ResourceDefinition,
  table: boolean,
  clock: () => number,
): AsyncGenerator<Uint8Array> {
  let withHead = true;
  for await (const { type, object } of feed) {
    let shown: object = object;
    if (type !== "ERROR" && type !== "BOOKMARK") {
      const view = presented(definition, object as KubeObject);
      const { resourceVersion } = view.metadata;
      shown = table ? tableFor(definition, [view], { resourceVersion }, withHead, clock()) : view;
      withHead = false;
    }
    yield Buffer.from(`${JSON.stringify({ type, object: shown })}\n`);
  }
}
