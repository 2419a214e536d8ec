import { list, plain } from "../../store/plain.ts";
import type { KubeObject } from "../../types.ts";

/** What a LimitRange leaves open for containers: the default limit is the maximum, the default request that limit, else the minimum. */
export function defaultLimitRange(range: KubeObject): void {
  for (const limit of list(plain(range.spec).limits).map(plain)) {
    if (limit.type !== "Container") continue;
    limit.default = { ...plain(limit.max), ...plain(limit.default) };
    limit.defaultRequest = { ...plain(limit.min), ...plain(limit.default), ...plain(limit.defaultRequest) };
  }
}
