import type { KubeObject } from "../types.ts";
import { ApiError, badRequest, expired } from "./api-error.ts";
import { presented } from "./presented.ts";
import type { Answer, ApiContext, ObjectList, ResourceRequest } from "./request.ts";
import { selection } from "./selectors.ts";

/** GET of a collection as it is now. */
export function list(request: ResourceRequest, context: ApiContext): Answer {
  const { definition } = request.target;
  checkRevision(request.query, context);
  const matches = selection(definition.name, request.query, request.target);
  const all = context.store.list(definition.name, request.target.namespace).filter(matches);
  const page = paged(all, request.query, context);
  return {
    kind: "list",
    of: definition,
    list: { ...page, items: page.items.map((object) => presented(definition, object)) },
  };
}

/** Only the present can be listed: an older exact revision is gone, a later one has not happened (both measured). */
function checkRevision(query: URLSearchParams, { store }: ApiContext): void {
  const text = query.get("resourceVersion") ?? "";
  const match = query.get("resourceVersionMatch") ?? "";
  if (text === "" || text === "0") return;
  if (!/^\d+$/.test(text)) throw badRequest(`invalid resource version "${text}"`);
  const revision = Number(text);
  const now = Number(store.resourceVersion);
  if (revision > now) {
    const message = `Too large resource version: ${revision}, current: ${now}`;
    throw new ApiError(504, "Timeout", message, {
      causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version", field: "" }],
      retryAfterSeconds: 1,
    });
  }
  if (match === "Exact" && revision < store.oldestRevision) throw expired(revision, store.oldestRevision);
}

interface Cursor {
  readonly revision: number;
  readonly after: string;
}

function paged(all: readonly KubeObject[], query: URLSearchParams, { store }: ApiContext): ObjectList {
  const limit = Number(query.get("limit") ?? 0);
  const cursor = decodeCursor(query.get("continue"));
  if (cursor !== undefined && cursor.revision < store.oldestRevision) {
    throw new ApiError(
      410,
      "Expired",
      "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.",
    );
  }
  const rest = cursor === undefined ? all : all.filter((object) => keyOf(object) > cursor.after);
  const resourceVersion = cursor === undefined ? store.resourceVersion : String(cursor.revision);
  const last = rest[limit - 1];
  if (limit <= 0 || last === undefined || rest.length === limit) {
    return { items: rest, metadata: { resourceVersion } };
  }
  const next: Cursor = { revision: Number(resourceVersion), after: keyOf(last) };
  return {
    items: rest.slice(0, limit),
    metadata: {
      resourceVersion,
      continue: Buffer.from(JSON.stringify(next)).toString("base64url"),
      remainingItemCount: rest.length - limit,
    },
  };
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}

function decodeCursor(text: string | null): Cursor | undefined {
  if (text === null || text === "") return undefined;
  try {
    const { revision, after } = JSON.parse(Buffer.from(text, "base64url").toString()) as Partial<Cursor>;
    if (typeof revision === "number" && typeof after === "string") return { revision, after };
  } catch {
    // Falls through: whatever it was, it was not made here.
  }
  throw badRequest("continue key is not valid");
}
