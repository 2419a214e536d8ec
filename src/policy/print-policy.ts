/** The effective policy as a policy file: every rule, and whether it is the file's or a default. Pure. */
import { stringify } from "yaml";
import { ruleNames } from "./rule-names.ts";
import type { Policy } from "./rules.ts";

interface Rule {
  readonly path: readonly string[];
  /** Undefined: it is not set, and has no default that a file could name. */
  readonly value: unknown;
}

/** @param lineOf the line of a rule in the operator's file; null where the file does not have it */
export function printPolicy(policy: Policy, lineOf: (rule: readonly string[]) => number | null): string {
  const lines: string[] = [];
  let open: readonly string[] = [];
  for (const { path, value } of rulesOf(policy)) {
    if (value === undefined) {
      lines.push(`# ${path.join(".")}: not set`);
      continue;
    }
    const parents = path.slice(0, -1);
    const differs = parents.findIndex((key, at) => open[at] !== key);
    for (const [depth, key] of parents.entries())
      if (differs >= 0 && depth >= differs) lines.push(`${"  ".repeat(depth)}${inFlow(key)}:`);
    open = parents;
    lines.push(lineOfRule(path, value, lineOf(path)));
  }
  return `${lines.join("\n")}\n`;
}

/** Where the comments stand. */
const COLUMN = 48;

function lineOfRule(path: readonly string[], value: unknown, line: number | null): string {
  const text = `${"  ".repeat(path.length - 1)}${inFlow(path.at(-1))}: ${inFlow(value)}`;
  return `${text.padEnd(COLUMN)} # ${line === null ? "default" : `line ${line}`}`;
}

const inFlow = (value: unknown): string =>
  stringify(value, { collectionStyle: "flow", lineWidth: 0, flowCollectionPadding: false }).trim();

function rulesOf(policy: Policy): readonly Rule[] {
  const { clusters, allow, limits, pod } = policy;
  const { resources, otherResources: _, ...amounts } = limits;
  const pullPolicies = allow.pullPolicies.includes("*") ? PULL_POLICIES : allow.pullPolicies;
  const hardening = Object.fromEntries(ruleNames(["pod"]).map((name) => [name, pod[name as keyof typeof pod]]));
  const groups: Readonly<Record<string, readonly Rule[]>> = {
    clusters: Object.entries(clusters).flatMap(([name, { namespaces, defaults, ...way }]) => [
      ...rules(["clusters", name], { namespaces, ...way }),
      ...rules(["clusters", name, "defaults"], defaults),
    ]),
    defaults: rules(["defaults"], policy.defaults),
    allow: rules(["allow"], { ...allow, pullPolicies }),
    limits: [...rules(["limits", "resources"], resources), ...rules(["limits"], amounts)],
    git: [rule(["git", "credentials"], policy.git.credentials)],
    pod: rules(["pod"], hardening),
    ...(policy.workspaceClaims ? { workspaceClaims: rules(["workspaceClaims"], printed(policy.workspaceClaims)) } : {}),
  };
  // In the order of the schema; what is no group is one rule.
  return ruleNames([]).flatMap((name) => groups[name] ?? [rule([name], policy[name as keyof Policy] ?? undefined)]);
}

/** What is not set has no place in a file. */
const printed = (values: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, value ?? undefined]));

/** The file lists them by name. */
const PULL_POLICIES = ["IfNotPresent", "Always", "Never"];

const rule = (path: readonly string[], value: unknown): Rule => ({ path, value });

const rules = (path: readonly string[], values: Readonly<Record<string, unknown>>): Rule[] =>
  Object.entries(values).map(([key, value]) => rule([...path, key], value));
