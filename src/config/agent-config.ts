/** Parses an agent's configuration: every wrong field is named at once, nothing is guessed. */
import type { z } from "zod";
import { ConfigError, type ConfigProblem } from "./config-error.ts";
import { fields, retiredKeys } from "./fields.ts";
import { amountOf } from "./kubernetes-values.ts";
import { isHostKey, platformFields } from "./platform-fields.ts";

const allFields = { ...fields, ...platformFields };
type AllFields = typeof allFields;
type Key = keyof AllFields;

/** One value a key, defaults filled in. Dotted keys are literal, as the page stores them. */
export type AgentConfig = { readonly [K in Key]: AllFields[K]["default"] };

export interface ParsedAgentConfig {
  readonly config: AgentConfig;
  /** Keys the agent set itself: what is not here may be inherited from Paperclip's own pod. */
  readonly set: ReadonlySet<string>;
  /** Sentences for the run's notes. */
  readonly notes: readonly string[];
}

/** Throws ConfigError that names every field that is wrong or unknown. */
export function parseAgentConfig(input: Readonly<Record<string, unknown>>): ParsedAgentConfig {
  const flat = flattenResources(input);
  const problems: ConfigProblem[] = [];
  const notes: string[] = [];
  const set = new Set<string>();
  const values: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(allFields)) {
    const given = flat[key];
    if (isBlank(given)) {
      values[key] = field.default;
      continue;
    }
    const parsed = (field.value as z.ZodType).safeParse(given);
    if (parsed.success) {
      values[key] = parsed.data;
      set.add(key);
    } else problems.push(...describe(key, parsed.error.issues, field.hint));
  }
  for (const key of Object.keys(flat)) {
    if (Object.hasOwn(allFields, key) || isHostKey(key) || isBlank(flat[key])) continue;
    const retired = Object.hasOwn(retiredKeys, key) ? retiredKeys[key] : undefined;
    if (retired) notes.push(`${key} has no effect any more: ${retired}`);
    else problems.push(unknownKey(key));
  }
  const config = values as unknown as AgentConfig;
  if (problems.length === 0) problems.push(...impossibleResources(config));
  if (problems.length > 0) throw new ConfigError(problems);
  return { config, set, notes };
}

/** The API server refuses a request above its limit, in words that name neither of our keys. */
function impossibleResources(config: AgentConfig): ConfigProblem[] {
  return (["cpu", "memory"] as const).flatMap((resource) => {
    const [request, limit] = [`resources.requests.${resource}`, `resources.limits.${resource}`] as const;
    if (amountOf(config[request]) <= amountOf(config[limit])) return [];
    const problem = `is ${config[request]}, more than ${limit} (${config[limit]})`;
    return [{ field: request, problem, fix: "Lower it, or raise the limit." }];
  });
}

const isBlank = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === "string" && value.trim() === "");

/** `resources: {requests: {cpu}}` means the same as the page's literal key `resources.requests.cpu`. */
function flattenResources(input: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { resources, ...rest } = input;
  if (resources === undefined || resources === null) return rest;
  if (!isRecord(resources)) return input as Record<string, unknown>;
  const flat: Record<string, unknown> = {};
  for (const [group, amounts] of Object.entries(resources)) {
    if (!isRecord(amounts)) flat[`resources.${group}`] = amounts;
    else for (const [name, amount] of Object.entries(amounts)) flat[`resources.${group}.${name}`] = amount;
  }
  return { ...flat, ...rest };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function describe(key: string, issues: readonly z.core.$ZodIssue[], hint: string): ConfigProblem[] {
  return issues.map((issue) => ({
    field: [key, ...issue.path].join("."),
    problem: issue.message,
    fix: hint,
  }));
}

function unknownKey(key: string): ConfigProblem {
  const near = Object.keys(allFields).find((known) => distance(known.toLowerCase(), key.toLowerCase()) <= 2);
  return {
    field: key,
    problem: "is not a setting of claude_k8s",
    fix: near ? `Did you mean ${near}?` : "Remove it from the agent's configuration.",
  };
}

/** Levenshtein distance: how many letters apart two keys are. */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
