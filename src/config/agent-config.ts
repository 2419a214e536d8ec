/** Parses an agent's configuration: every wrong value is named at once; keys that have no effect are named and do not fail. */
import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import { ConfigError, type ConfigProblem } from "./config-error.ts";
import type { HostField } from "./field.ts";
import { type ConfigNotice, isSilent, noticesOf, sentenceOf } from "./ineffective-keys.ts";
import { amountOf, isNativeResource } from "./kubernetes-formats.ts";
import { type AgentConfig, isSetting, settings } from "./schema.ts";
import { readStructured } from "./text-values.ts";

export type { AgentConfig } from "./schema.ts";

export interface ParsedAgentConfig {
  readonly config: AgentConfig;
  /** Keys the agent set itself: what is not here may be inherited from Paperclip's own pod. */
  readonly set: ReadonlySet<string>;
  /** Of those, the keys with another value than the built-in default: Paperclip's page stores that with each agent. */
  readonly chosen: ReadonlySet<string>;
  /** Keys that have no effect, for the environment test. */
  readonly notices: readonly ConfigNotice[];
  /** The same as sentences for the run's notes. */
  readonly notes: readonly string[];
}

/** Keys with the same meaning: the first one that is set is the value of all. */
const ALIASES: readonly (readonly (keyof AgentConfig)[])[] = [
  ["workingDirectory", "cwd"],
  ["effort", "thinkingEffort"],
  ["extraArgs", "args"],
];

const isSet = (value: unknown): boolean => value !== null && !(Array.isArray(value) && value.length === 0);

/**
 * Throws ConfigError that names every field whose value is wrong.
 *
 * @param defaults settings of the operator's, for keys that `input` does not set, or to the built-in default. @default none
 */
export function parseAgentConfig(
  input: Readonly<Record<string, unknown>>,
  defaults: Readonly<Record<string, unknown>> = {},
): ParsedAgentConfig {
  const { flat, problems } = flattenResources(input);
  for (const [key, value] of flattenResources(defaults).flat) if (isUnchosen(key, flat.get(key))) flat.set(key, value);
  const set = new Set<string>();
  const chosen = new Set<string>();
  const values: Record<string, unknown> = {};
  for (const [key, field] of settings) {
    const value = flat.get(key);
    if (isBlank(value)) {
      values[key] = field.default;
      continue;
    }
    const parsed = field.value.safeParse(value);
    if (parsed.success) {
      values[key] = parsed.data;
      set.add(key);
      if (!isDeepStrictEqual(parsed.data, field.default)) chosen.add(key);
    } else problems.push(...describe(key, parsed.error.issues, field));
  }
  for (const aliases of ALIASES) {
    const value = aliases.map((key) => values[key]).find(isSet);
    if (value !== undefined) for (const key of aliases) values[key] = value;
  }
  const config = values as unknown as AgentConfig;
  if (problems.length === 0) problems.push(...impossibleResources(config));
  if (problems.length > 0) throw new ConfigError(problems);
  const others = [...flat].filter(([key, value]) => !isSetting(key) && !isBlank(value) && !isSilent(key, value));
  const notices = noticesOf(others.map(([key]) => key));
  return { config, set, chosen, notices, notes: notices.map(sentenceOf) };
}

/** Blank, or what an agent has anyway that does not set it. */
function isUnchosen(key: string, value: unknown): boolean {
  if (isBlank(value)) return true;
  const field = settings.find(([name]) => name === key)?.[1];
  const parsed = field?.value.safeParse(value);
  return parsed?.success === true && isDeepStrictEqual(parsed.data, field?.default);
}

/** The API server refuses a request above its limit, with a message that names neither of our keys. */
function impossibleResources(config: AgentConfig): ConfigProblem[] {
  return (["cpu", "memory", "ephemeral-storage"] as const).flatMap((resource) => {
    const [request, limit] = [`resources.requests.${resource}`, `resources.limits.${resource}`] as const;
    const [asked, most] = [config[request], config[limit]];
    if (asked === null || most === null || amountOf(asked) <= amountOf(most)) return [];
    const problem = `is ${asked}, more than ${limit} (${most})`;
    return [{ field: request, problem, fix: "Lower it, or raise the limit." }];
  });
}

const isBlank = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === "string" && value.trim() === "");

/** `resources: {requests: {cpu}}` means the same as the page's literal key `resources.requests.cpu`, which goes before it. */
function flattenResources(input: Readonly<Record<string, unknown>>) {
  const { resources, ...rest } = input;
  const flat = new Map<string, unknown>();
  const problems: ConfigProblem[] = [];
  const entriesOf = (field: string, value: unknown): [string, unknown][] => {
    if (isBlank(value)) return [];
    if (isRecord(value)) return Object.entries(value);
    const fix = "Write {requests: {cpu, memory}, limits: {cpu, memory}}.";
    problems.push({ field, problem: "is not a map of resources", fix });
    return [];
  };
  for (const [group, amounts] of entriesOf("resources", resources))
    for (const [name, amount] of entriesOf(`resources.${group}`, amounts))
      flat.set(`resources.${group}.${name}`, amount);
  for (const [key, value] of Object.entries(rest)) if (!isBlank(value)) flat.set(key, value);
  problems.push(...gatherExtended(flat));
  return { flat, problems };
}

const AMOUNT = /^resources\.(?:requests|limits)\.(.+)$/;

/** Amounts of `resources` that are no setting of their own become part of `extendedResources`. */
function gatherExtended(flat: Map<string, unknown>): ConfigProblem[] {
  const gathered: Record<string, unknown> = {};
  const problems: ConfigProblem[] = [];
  for (const [key, amount] of [...flat]) {
    const name = AMOUNT.exec(key)?.[1];
    if (name === undefined || isNativeResource(name)) continue;
    flat.delete(key);
    if (Object.hasOwn(gathered, name) && String(gathered[name]) !== String(amount)) {
      const problem = `is ${String(amount)}, and the other of request and limit is ${String(gathered[name])}`;
      problems.push({ field: key, problem, fix: "Of such a resource both are the same; write it once." });
    }
    Object.defineProperty(gathered, name, { value: amount, enumerable: true, configurable: true });
  }
  if (Object.keys(gathered).length > 0)
    flat.set("extendedResources", { ...mapOf(flat.get("extendedResources")), ...gathered });
  return problems;
}

/** What is no map is judged where it stands alone. */
function mapOf(value: unknown): Record<string, unknown> {
  try {
    const read = readStructured(value);
    return isRecord(read) ? read : {};
  } catch {
    return {};
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function describe(key: string, issues: readonly z.core.$ZodIssue[], { hint }: HostField): ConfigProblem[] {
  return issues.map((issue) => ({ field: [key, ...issue.path].join("."), problem: issue.message, fix: hint }));
}
