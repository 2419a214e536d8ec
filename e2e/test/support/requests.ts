/** What Paperclip's servers asked of the cluster, counted by the devcluster. */
import { devclusterOf } from "../../stage/disruptions.ts";
import type { Stage } from "../../stage/stage.ts";

export type Requests = Readonly<Record<string, number>>;

const PATH = /^\/(?:api|apis\/[^/]+)\/[^/]+(?:\/namespaces\/[^/]+)?\/([^/]+)(?:\/([^/]+)(?:\/(.+))?)?$/;

/** How many there are now: where a count may begin. */
export const requestsSoFar = (stage: Stage): number => devclusterOf(stage).requests.length;

/** By verb and resource, as RBAC has them, and the status of a refusal. */
export function requestsSince(stage: Stage, begin: number): Requests {
  const counts: Record<string, number> = {};
  for (const { method, path, query, user, status } of [...devclusterOf(stage).requests].slice(begin)) {
    if (!user.endsWith(":paperclip")) continue;
    const [, resource = path, name, sub] = PATH.exec(path) ?? [];
    const reads = /watch=(true|1)/.test(query) ? "watch" : name ? "get" : "list";
    const verb = method === "GET" ? reads : method.toLowerCase();
    const refused = status >= 400 ? ` ${status}` : "";
    const what = `${verb} ${resource}${sub ? `/${sub}` : ""}${refused}`;
    counts[what] = (counts[what] ?? 0) + 1;
  }
  return counts;
}

export const total = (counts: Requests): number => Object.values(counts).reduce((sum, count) => sum + count, 0);
