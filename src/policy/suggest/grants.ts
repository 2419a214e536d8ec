/** A policy file with one more rule. Pure. */
import type { Grant } from "../govern/refusal.ts";

export type FileRules = { readonly [rule: string]: unknown } & {
  readonly clusters?: Readonly<Record<string, unknown>> | undefined;
};

export function withGrant(rules: FileRules, { path, value, isList }: Grant): FileRules {
  return put(rules, path, (present) => (isList ? [...(Array.isArray(present) ? present : []), value] : value));
}

function put(
  rules: FileRules,
  [key = "", ...rest]: readonly string[],
  change: (present: unknown) => unknown,
): FileRules {
  const present = Object.hasOwn(rules, key) ? rules[key] : undefined;
  const inner = typeof present === "object" && present !== null ? (present as FileRules) : {};
  return { ...rules, [key]: rest.length === 0 ? change(present) : put(inner, rest, change) };
}
