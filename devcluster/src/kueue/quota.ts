/** What a Job asks of a ClusterQueue, and what is left there. Pure. */
import type { Job } from "../controllers/objects.ts";
import { quantity } from "../controllers/scheduler/quantity.ts";
import { list, plain } from "../store/plain.ts";
import type { KubeObject } from "../types.ts";

/** By resource. */
export type Amounts = Readonly<Record<string, number>>;

/** Limits count as requests where there are none. */
export function requestsOf({ spec }: Job): Amounts {
  const sum: Record<string, number> = {};
  for (const { resources = {} } of spec.template.spec?.containers ?? []) {
    const asked = { ...resources.limits, ...resources.requests };
    for (const [name, amount] of Object.entries(asked)) sum[name] = (sum[name] ?? 0) + quantity(amount as string);
  }
  return sum;
}

/** The nominal quotas of its first flavor; a ClusterQueue of the devcluster has no other. */
export function quotaOf({ spec }: KubeObject): { readonly flavor: string; readonly amounts: Amounts } {
  const groups = list(plain(spec).resourceGroups).map(plain);
  const flavors = groups.flatMap((group) => list(group.flavors).map(plain));
  const amounts: Record<string, number> = {};
  for (const flavor of flavors)
    for (const one of list(flavor.resources).map(plain))
      amounts[String(one.name)] = quantity(one.nominalQuota as string);
  return { flavor: String(flavors[0]?.name ?? ""), amounts };
}

export type Fit =
  | { readonly kind: "fits" }
  /** `never`: not even an empty queue has room. */
  | { readonly kind: "waits" | "never"; readonly message: string };

export function fit(requests: Amounts, used: Amounts, { flavor, amounts }: ReturnType<typeof quotaOf>): Fit {
  const why = (text: string): string => `couldn't assign flavors to pod set main: ${text}`;
  for (const [name, asked] of Object.entries(requests)) {
    const quota = amounts[name];
    if (quota === undefined) return { kind: "never", message: why(`resource ${name} unavailable in ClusterQueue`) };
    if (asked > quota) {
      const sums = `previously considered podsets requests (0) + current podset request (${inMilli(asked)}) > maximum capacity (${inMilli(quota)})`;
      return { kind: "never", message: why(`insufficient quota for ${name} in flavor ${flavor}, ${sums}`) };
    }
  }
  for (const [name, asked] of Object.entries(requests)) {
    const more = (used[name] ?? 0) + asked - (amounts[name] ?? 0);
    if (more > 1e-9)
      return {
        kind: "waits",
        message: why(`insufficient unused quota for ${name} in flavor ${flavor}, ${inMilli(more)} more needed`),
      };
  }
  return { kind: "fits" };
}

export function total(all: readonly Amounts[]): Amounts {
  const sum: Record<string, number> = {};
  for (const one of all) for (const [name, amount] of Object.entries(one)) sum[name] = (sum[name] ?? 0) + amount;
  return sum;
}

const inMilli = (amount: number): string =>
  Number.isInteger(amount) ? String(amount) : `${Math.round(amount * 1000)}m`;
