import { list, type Plain, plain } from "../../store/plain.ts";
import type { RuleContext } from "../../store/rules.ts";
import type { KubeObject } from "../../types.ts";
import { forbidden } from "../api-error.ts";
import { containersOf } from "../defaults/pod-spec.ts";
import { parseQuantity } from "../defaults/quantity.ts";

/** Fills in what a LimitRange has as default, and refuses a container outside its bounds. The messages are those of the server's plugin. */
export function admitLimitRanges(pod: KubeObject, { resource, store }: RuleContext): void {
  const ranges = store.list("limitranges", pod.metadata.namespace ?? "");
  const limits = ranges.flatMap((range) => list(plain(range.spec).limits).map(plain));
  const ofContainers = limits.filter(({ type }) => type === "Container");
  const containers = containersOf(plain(pod.spec));
  for (const limit of ofContainers) for (const container of containers) fillIn(container, limit);
  const problems = ofContainers.flatMap((limit) => containers.flatMap((container) => outside(container, limit)));
  const [first] = problems;
  if (first === undefined) return;
  const why = problems.length === 1 ? first : `[${problems.join(", ")}]`;
  throw forbidden(resource, pod.metadata.name, why);
}

function fillIn(container: Plain, limit: Plain): void {
  const resources = plain(container.resources);
  const limits = { ...plain(limit.default), ...plain(resources.limits) };
  const requests = { ...plain(limit.default), ...plain(limit.defaultRequest), ...plain(resources.requests) };
  if (Object.keys(limits).length === 0 && Object.keys(requests).length === 0) return;
  container.resources = { ...resources, limits, requests };
}

function outside(container: Plain, limit: Plain): string[] {
  const { limits, requests } = plain(container.resources);
  const maximum = Object.entries(plain(limit.max)).flatMap(([what, most]) => {
    const asked = plain(limits)[what];
    if (asked === undefined) return `maximum ${what} usage per Container is ${most}.  No limit is specified`;
    const isMore = (parseQuantity(String(asked))?.nano ?? 0n) > (parseQuantity(String(most))?.nano ?? 0n);
    return isMore ? `maximum ${what} usage per Container is ${most}, but limit is ${asked}` : [];
  });
  const minimum = Object.entries(plain(limit.min)).flatMap(([what, least]) => {
    const asked = plain(requests)[what];
    if (asked === undefined) return `minimum ${what} usage per Container is ${least}.  No request is specified`;
    const isLess = (parseQuantity(String(asked))?.nano ?? 0n) < (parseQuantity(String(least))?.nano ?? 0n);
    return isLess ? `minimum ${what} usage per Container is ${least}, but request is ${asked}` : [];
  });
  return [...maximum, ...minimum];
}
