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
  const { trust, instance, clusters, defaults, allow, limits, home, instructions, recorder, environment, pod } = policy;
  const { workspaces, podTemplate, podSecurity } = policy;
  const { resources, otherResources: _, ...amounts } = limits;
  const pullPolicies = allow.pullPolicies.includes("*") ? PULL_POLICIES : allow.pullPolicies;
  const hardening = Object.fromEntries(ruleNames(["pod"]).map((name) => [name, pod[name as keyof typeof pod]]));
  return [
    rule(["trust"], trust),
    rule(["instance"], instance ?? undefined),
    ...Object.entries(clusters).flatMap(([name, { namespaces, defaults: own, ...way }]) => [
      ...rules(["clusters", name], { namespaces, ...way }),
      ...rules(["clusters", name, "defaults"], own),
    ]),
    ...rules(["defaults"], defaults),
    ...rules(["allow"], { ...allow, pullPolicies }),
    ...rules(["limits", "resources"], resources),
    ...rules(["limits"], amounts),
    rule(["home"], home),
    rule(["workspaces"], workspaces),
    rule(["instructions"], instructions),
    rule(["recorder"], recorder),
    rule(["environment"], environment),
    ...rules(["pod"], hardening),
    rule(["podTemplate"], podTemplate ?? undefined),
    rule(["podSecurity"], podSecurity),
  ];
}

/** The file lists them by name. */
const PULL_POLICIES = ["IfNotPresent", "Always", "Never"];

const rule = (path: readonly string[], value: unknown): Rule => ({ path, value });

const rules = (path: readonly string[], values: Readonly<Record<string, unknown>>): Rule[] =>
  Object.entries(values).map(([key, value]) => rule([...path, key], value));
