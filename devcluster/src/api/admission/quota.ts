import { list, type Plain, plain } from "../../store/plain.ts";
import type { RuleContext } from "../../store/rules.ts";
import type { KubeObject } from "../../types.ts";
import { forbidden, qualified } from "../api-error.ts";
import { parseQuantity, type Quantity, writeQuantity } from "../defaults/quantity.ts";

/** Refuses what a ResourceQuota of the namespace has no room for. The messages are those of the server's admission plugin. */
export function admitQuotas(object: KubeObject, { resource, store }: RuleContext): void {
  const namespace = object.metadata.namespace ?? "";
  if (!resource.namespaced) return;
  for (const quota of store.list("resourcequotas", namespace)) {
    const hard = Object.entries(plain(plain(quota.spec).hard)).filter(([name]) => counts(name, resource));
    if (hard.length === 0) continue;
    if (resource.name === "pods")
      demandAll(object, quota, hard, (why) => forbidden(resource, object.metadata.name, why));
    const there = store.list(resource.name, namespace).filter((other) => resource.name !== "pods" || isAlive(other));
    const over = hard.flatMap(([name, limit]) => {
      const limited = parseQuantity(String(limit));
      const requested = usage(object, name);
      const used = sum(there.map((other) => usage(other, name)));
      return limited && used.nano + requested.nano > limited.nano ? [{ name, requested, used, limited }] : [];
    });
    if (over.length === 0) continue;
    const say = (what: "requested" | "used" | "limited") =>
      over.map((one) => `${one.name}=${writeQuantity(one[what])}`).join(",");
    const why = `exceeded quota: ${quota.metadata.name}, requested: ${say("requested")}, used: ${say("used")}, limited: ${say("limited")}`;
    throw forbidden(resource, object.metadata.name, why);
  }
}

/** The quotas of a namespace that have a say about such objects. */
export function quotasFor(
  store: RuleContext["store"],
  resource: RuleContext["resource"],
  namespace: string,
): readonly KubeObject[] {
  if (!resource.namespaced) return [];
  return store
    .list("resourcequotas", namespace)
    .filter(({ spec }) => Object.keys(plain(plain(spec).hard)).some((name) => counts(name, resource)));
}

/** Whether the quota's resource of this name is about such objects. */
function counts(name: string, resource: RuleContext["resource"]): boolean {
  if (name === resource.name || name === `count/${qualified(resource)}`) return true;
  return resource.name === "pods" && computed(name) !== null;
}

/** Where a pod says how much it takes of this; null for what is merely counted. */
function computed(name: string): { readonly from: "requests" | "limits"; readonly what: string } | null {
  const [, from = "requests", what] = /^(?:(requests|limits)\.)?(cpu|memory)$/.exec(name) ?? [];
  return what === undefined ? null : { from: from as "requests" | "limits", what };
}

/** Where CPU or memory are limited, every container must say what it takes. */
function demandAll(
  pod: KubeObject,
  quota: KubeObject,
  hard: [string, unknown][],
  refuse: (why: string) => Error,
): void {
  for (const [name] of hard) {
    const silent = computed(name) && containers(pod).filter((container) => amount(container, name) === undefined);
    if (!silent || silent.length === 0) continue;
    const names = silent.map((container) => container.name).join(",");
    throw refuse(`failed quota: ${quota.metadata.name}: must specify ${name} for: ${names}`);
  }
}

const ONE: Quantity = { nano: 1_000_000_000n, binary: false };

function usage(object: KubeObject, name: string): Quantity {
  if (computed(name) === null) return ONE;
  return sum(containers(object).flatMap((container) => amount(container, name) ?? []));
}

function amount(container: Plain, name: string): Quantity | undefined {
  const place = computed(name);
  const text = place && plain(plain(container.resources)[place.from])[place.what];
  return text === undefined || text === null ? undefined : parseQuantity(String(text));
}

const containers = (pod: KubeObject): Plain[] => list(plain(pod.spec).containers).map(plain);

function sum(parts: readonly Quantity[]): Quantity {
  return parts.reduce((all, { nano, binary }) => ({ nano: all.nano + nano, binary: all.binary || binary }), {
    nano: 0n,
    binary: false,
  });
}

/** A pod that has ended takes nothing any more. */
function isAlive({ status }: KubeObject): boolean {
  const { phase } = plain(status);
  return phase !== "Succeeded" && phase !== "Failed";
}
