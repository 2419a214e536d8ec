/** What an agent set beyond the policy, as data: the sentence for people, and the lines that would allow it. */
import { stringify } from "yaml";
import type { ConfigProblem } from "../../config/config-error.ts";
import type { Policy } from "../rules.ts";

/** The rule that would have to change, and to what. */
export interface Grant {
  /** Keys of the policy file, such as ["allow", "labels"]. */
  readonly path: readonly string[];
  /** To be added to the list at `path`, or to stand there; `{}`: the rule has no bounds. */
  readonly value: unknown;
  readonly isList: boolean;
}

export interface Refusal {
  /** The key of the agent's configuration. */
  readonly field: string;
  /** What was asked for, as it reads after "is". */
  readonly asked: string;
  /** What the rule allows, as a clause. */
  readonly allowed: string;
  readonly grant: Grant;
  /** It is allowed to one agent, and it is not known whether this is the one. */
  readonly isUpToTheAgent?: boolean;
}

/** The value of a key, short enough for a sentence. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}

/** `one, two`, as it stands in a sentence about a list. */
export function listed(patterns: readonly string[]): string {
  if (patterns.length === 0) return "it allows none";
  const some = patterns.slice(0, 10).join(", ");
  return `it allows ${some}${patterns.length > 10 ? " …" : ""}`;
}

export function problemOf({ field, asked, allowed, grant }: Refusal, { path }: Policy): ConfigProblem {
  const rule = grant.path.join(".");
  const file = path === null ? "a policy file (PAPERCLIP_K8S_POLICY, docs/policy.md)" : path;
  return {
    field,
    problem: `is ${asked}, beyond the operator's policy: of ${rule} ${allowed}`,
    fix: `Unset it, or add to ${file}: ${linesOf(grant)}`,
  };
}

/** As YAML of one line, which may stand in the file as it is. */
export function linesOf({ path, value, isList }: Grant): string {
  const inner: unknown = isList ? [value] : value;
  const nested = path.reduceRight<unknown>((within, key) => ({ [key]: within }), inner);
  const text = stringify(nested, { collectionStyle: "flow", lineWidth: 0, flowCollectionPadding: false }).trim();
  return text.startsWith("{") && text.endsWith("}") ? text.slice(1, -1).trim() : text;
}
