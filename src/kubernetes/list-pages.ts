import { ApiError } from "./api-error.ts";
import type { ObjectList } from "./call-options.ts";
import { apiVersionOf, type KubeObject, type ResourceType, type Stored } from "./resource-types.ts";

interface Page<T extends KubeObject> {
  readonly items?: readonly Stored<T>[] | null;
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
}

type PageQuery = { limit?: number; continue?: string };

/** Reads a list page by page; when its continue token has expired (410), the whole list in one request. */
export async function listPages<T extends KubeObject>(
  type: ResourceType<T>,
  limit: number | undefined,
  read: (query: PageQuery) => Promise<Page<T>>,
): Promise<ObjectList<T>> {
  const items: Stored<T>[] = [];
  for (let next = ""; ; ) {
    let page: Page<T>;
    try {
      page = await read(next === "" ? { limit: limit ?? 500 } : { limit: limit ?? 500, continue: next });
    } catch (error) {
      if (next === "" || !(error instanceof ApiError && error.expired)) throw error;
      items.length = 0;
      page = await read({});
    }
    // Items of a list do not name their own kind.
    for (const item of page.items ?? []) items.push({ ...item, apiVersion: apiVersionOf(type), kind: type.kind });
    next = page.metadata?.continue ?? "";
    if (next === "") return { items, resourceVersion: page.metadata?.resourceVersion ?? "" };
  }
}
