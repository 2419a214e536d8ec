/** The rules that list what an agent may set. */
import type { Toleration } from "kubernetes-types/core/v1";
import type { AgentConfig } from "../../config/agent-config.ts";
import { matchesAny } from "../pattern.ts";
import type { AllowRule, Policy } from "../rules.ts";
import { listed, type Refusal, shown } from "./refusal.ts";
import type { Who } from "./who.ts";

/** What an agent itself has set, and what it is held to. */
export interface Asked {
  readonly config: AgentConfig;
  /** Keys that the agent itself set; the others come from the operator, or are defaults. */
  readonly own: ReadonlySet<string>;
  /** The operator's own values of such settings, which need no rule. */
  readonly defaults: AgentConfig;
  readonly policy: Policy;
  readonly who: Who;
}

/** A setting whose value is one name. */
const NAMES: readonly (readonly [keyof AgentConfig, AllowRule])[] = [
  ["image", "images"],
  ["imagePullPolicy", "pullPolicies"],
  ["homeClaim", "claims"],
  ["serviceAccountName", "serviceAccounts"],
  ["egress", "egress"],
];

/** A setting that is a map, of which the rule lists the keys. */
const KEYS: readonly (readonly [keyof AgentConfig, AllowRule])[] = [["labels", "labels"]];

export function listRefusals(asked: Asked): Refusal[] {
  const { config, own } = asked;
  const is = (key: string): boolean => own.has(key);
  return [
    ...NAMES.filter(([key]) => is(key)).flatMap(([key, rule]) => nameRefusal(asked, key, rule)),
    ...KEYS.filter(([key]) => is(key)).flatMap(([key, rule]) => keyRefusals(asked, key, rule)),
    ...(is("nodeSelector") ? nodeRefusals(asked) : []),
    ...(is("tolerations") ? config.tolerations.flatMap((one) => tolerationRefusal(asked, one)) : []),
    ...(is("retainJobs") && config.retainJobs && !asked.policy.limits.retainJobs ? [retained()] : []),
  ];
}

function nameRefusal({ config, defaults, policy, who }: Asked, key: keyof AgentConfig, rule: AllowRule): Refusal[] {
  const value = config[key];
  if (typeof value !== "string" || value === defaults[key] || matchesAny(policy.allow[rule], value, who)) return [];
  return [refusal(key, shown(value), policy, rule, value)];
}

function keyRefusals({ config, policy, who }: Asked, key: keyof AgentConfig, rule: AllowRule): Refusal[] {
  const keys = Object.keys(config[key] as Readonly<Record<string, string>>);
  return keys
    .filter((one) => !matchesAny(policy.allow[rule], one, who))
    .map((one) => refusal(key, `with the key ${shown(one)}`, policy, rule, one));
}

function nodeRefusals({ config, policy, who }: Asked): Refusal[] {
  return Object.entries(config.nodeSelector)
    .filter(
      ([key, value]) =>
        !matchesAny(policy.allow.nodeLabels, key, who) && !matchesAny(policy.allow.nodeLabels, `${key}=${value}`, who),
    )
    .map(([key, value]) =>
      refusal("nodeSelector", `with ${shown(`${key}=${value}`)}`, policy, "nodeLabels", `${key}=${value}`),
    );
}

/** `KEY`, `KEY=VALUE`, `KEY=VALUE:EFFECT`; a toleration that names no key or effect reaches more than one that does. */
function tolerationRefusal({ policy, who }: Asked, { key, value, effect, operator }: Toleration): Refusal[] {
  const patterns = policy.allow.tolerations;
  const pair = value === undefined || operator === "Exists" ? key : `${key}=${value}`;
  const words = key === undefined ? ["every taint"] : [key, pair, `${pair}:${effect ?? ""}`].map(String);
  const open = patterns.includes("*");
  if (open || (key !== undefined && words.some((word) => matchesAny(patterns, word, who)))) return [];
  const asked = key === undefined ? "one of every taint" : `one of ${shown(effect ? `${pair}:${effect}` : pair)}`;
  return [
    refusal(
      "tolerations",
      `with ${asked}`,
      policy,
      "tolerations",
      key === undefined ? "*" : effect ? `${pair}:${effect}` : pair,
    ),
  ];
}

function refusal(field: string, asked: string, policy: Policy, rule: AllowRule, value: unknown): Refusal {
  return { field, asked, allowed: listed(policy.allow[rule]), grant: { path: ["allow", rule], value, isList: true } };
}

const retained = (): Refusal => ({
  field: "retainJobs",
  asked: "true",
  allowed: "it is false",
  grant: { path: ["limits", "retainJobs"], value: true, isList: false },
});
