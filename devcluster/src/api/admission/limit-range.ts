import { list, type Plain, plain } from "../../store/plain.ts";
import type { RuleContext } from "../../store/rules.ts";
import type { KubeObject } from "../../types.ts";
import { forbidden } from "../api-error.ts";
import { containersOf } from "../defaults/pod-spec.ts";
import { parseQuantity, writeQuantity } from "../defaults/quantity.ts";

/** Fills in what a LimitRange has as default, and refuses a pod outside its bounds. The messages are those of the server's plugin. */
export function admitLimitRanges(pod: KubeObject, { resource, store }: RuleContext): void {
  const ranges = store.list("limitranges", pod.metadata.namespace ?? "");
  const limits = ranges.flatMap((range) => list(plain(range.spec).limits).map(plain));
  const containers = containersOf(plain(pod.spec));
  for (const limit of limits) {
    if (limit.type === "Container") for (const container of containers) fillIn(container, limit);
  }
  const problems = limits.flatMap((limit) => {
    if (limit.type === "Container") return containers.flatMap((container) => outside(amountsOf(container), limit));
    return limit.type === "Pod" ? outside(total(list(plain(pod.spec).containers).map(plain)), limit) : [];
  });
  const [first] = problems;
  if (first === undefined) return;
  const why = problems.length === 1 ? first : `[${problems.join(", ")}]`;
  throw forbidden(resource, pod.metadata.name, why);
}

function fillIn(container: Plain, limit: Plain): void {
  const resources = plain(container.resources);
  const limits = { ...plain(limit.default), ...plain(resources.limits) };
  const requests = { ...plain(limit.defaultRequest), ...plain(resources.requests) };
  if (Object.keys(limits).length === 0 && Object.keys(requests).length === 0) return;
  container.resources = { ...resources, limits, requests };
}

/** Quantities by the resource's name. */
interface Amounts {
  readonly limits: Plain;
  readonly requests: Plain;
}

function amountsOf(container: Plain): Amounts {
  const { limits, requests } = plain(container.resources);
  return { limits: plain(limits), requests: plain(requests) };
}

/** Of what every container names; a resource that one leaves open has no total. */
function total(containers: readonly Plain[]): Amounts {
  const all = containers.map(amountsOf);
  const sum = (field: keyof Amounts): Plain => {
    const names = Object.keys(all[0]?.[field] ?? {}).filter((name) =>
      all.every((one) => one[field][name] !== undefined),
    );
    return Object.fromEntries(
      names.map((name) => {
        const parts = all.map((one) => parseQuantity(String(one[field][name])));
        const binary = parts.some((part) => part?.binary);
        return [name, writeQuantity({ nano: parts.reduce((so, part) => so + (part?.nano ?? 0n), 0n), binary })];
      }),
    );
  };
  return { limits: sum("limits"), requests: sum("requests") };
}

function outside({ limits, requests }: Amounts, bounds: Plain): string[] {
  const { type } = bounds;
  const check = (field: unknown, judge: (what: string, bound: string) => string | false): string[] =>
    Object.entries(plain(field)).flatMap(([what, bound]) => judge(what, String(bound)) || []);
  return [
    ...check(bounds.min, (what, least) => {
      const rule = `minimum ${what} usage per ${type} is ${least}`;
      if (requests[what] === undefined) return `${rule}.  No request is specified`;
      if (worth(requests[what]) < worth(least)) return `${rule}, but request is ${requests[what]}`;
      return (
        limits[what] !== undefined && worth(limits[what]) < worth(least) && `${rule}, but limit is ${limits[what]}`
      );
    }),
    ...check(bounds.max, (what, most) => {
      const rule = `maximum ${what} usage per ${type} is ${most}`;
      if (limits[what] === undefined) return `${rule}.  No limit is specified`;
      if (worth(limits[what]) > worth(most)) return `${rule}, but limit is ${limits[what]}`;
      return worth(requests[what]) > worth(most) && `${rule}, but request is ${requests[what]}`;
    }),
    ...check(bounds.maxLimitRequestRatio, (what, most) => {
      const rule = `${what} max limit to request ratio per ${type} is ${most}`;
      if (worth(requests[what]) === 0n) return `${rule}, but no request is specified or request is 0`;
      if (worth(limits[what]) === 0n) return `${rule}, but no limit is specified or limit is 0`;
      const ratio = Number(worth(limits[what])) / Number(worth(requests[what]));
      return ratio > Number(worth(most)) / 1e9 && `${rule}, but provided ratio is ${ratio.toFixed(6)}`;
    }),
  ];
}

/** In units of 1e-9; nothing is worth 0. */
function worth(quantity: unknown): bigint {
  return quantity === undefined ? 0n : (parseQuantity(String(quantity))?.nano ?? 0n);
}
