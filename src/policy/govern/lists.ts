/** The rules that list what an agent may set. */
import { isDeepStrictEqual } from "node:util";
import type { Toleration } from "kubernetes-types/core/v1";
import type { AgentConfig } from "../../config/agent-config.ts";
import { configMapOf } from "../../config/pod-values.ts";
import { isUpToTheAgent, matchesAny } from "../pattern.ts";
import type { AllowRule, Policy } from "../rules.ts";
import { listed, type Refusal, shown } from "./refusal.ts";
import { templateRefusals } from "./templates.ts";
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
  ["cliImage", "images"],
  ["imagePullPolicy", "pullPolicies"],
  ["homeClaim", "claims"],
  ["serviceAccountName", "serviceAccounts"],
  ["egress", "egress"],
  ["priorityClassName", "priorityClasses"],
  ["runtimeClassName", "runtimeClasses"],
  ["queue", "queues"],
  ["runAsUser", "users"],
];

/** A setting that is a map, of which the rule lists the keys. */
const KEYS: readonly (readonly [keyof AgentConfig, AllowRule])[] = [
  ["labels", "labels"],
  ["annotations", "annotations"],
];

export function listRefusals(asked: Asked): Refusal[] {
  const { config, own } = asked;
  const is = (key: string): boolean => own.has(key);
  return [
    ...NAMES.filter(([key]) => is(key)).flatMap(([key, rule]) => nameRefusal(asked, key, rule)),
    ...KEYS.filter(([key]) => is(key)).flatMap(([key, rule]) => keyRefusals(asked, key, rule)),
    ...(is("imagePullSecrets") ? pullSecretRefusals(asked) : []),
    ...(is("caBundle") ? configMapRefusals(asked) : []),
    ...(is("podTemplate") && !isDeepStrictEqual(config.podTemplate, asked.defaults.podTemplate)
      ? templateRefusals(config.podTemplate, asked.policy, asked.who)
      : []),
    ...(is("nodeSelector") ? nodeRefusals(asked) : []),
    ...(is("tolerations") ? config.tolerations.flatMap((one) => tolerationRefusal(asked, one)) : []),
    ...(is("workspace") && config.workspace === "claim" && !asked.policy.workspaceClaims ? [claimed()] : []),
    ...(is("retainJobs") && config.retainJobs && !asked.policy.limits.retainJobs ? [retained()] : []),
  ];
}

function nameRefusal(asked: Asked, key: keyof AgentConfig, rule: AllowRule): Refusal[] {
  const { config, defaults, policy, who } = asked;
  const value = config[key];
  if (typeof value !== "string" || value === defaults[key] || matchesAny(policy.allow[rule], value, who)) return [];
  return [refusal(key, shown(value), asked, rule, value)];
}

/** What stands in the defaults needs no rule; to set it otherwise or to leave it out does, for it may be a wall. */
function keyRefusals(asked: Asked, key: keyof AgentConfig, rule: AllowRule): Refusal[] {
  const { policy, who } = asked;
  return ownEntries(asked, key)
    .filter(([one]) => !matchesAny(policy.allow[rule], one, who))
    .map(([one]) => refusal(key, `with the key ${shown(one)}`, asked, rule, one));
}

/** Without those that are as the operator has them. */
function ownEntries({ config, defaults }: Asked, key: keyof AgentConfig): [string, unknown][] {
  const [all, given] = [config[key], defaults[key]] as [
    Readonly<Record<string, unknown>>,
    Readonly<Record<string, unknown>>,
  ];
  return Object.entries(all).filter(([one, value]) => !Object.hasOwn(given, one) || given[one] !== value);
}

function pullSecretRefusals(asked: Asked): Refusal[] {
  const { config, defaults, policy, who } = asked;
  return config.imagePullSecrets
    .filter((name) => !defaults.imagePullSecrets.includes(name) && !matchesAny(policy.allow.pullSecrets, name, who))
    .map((name) => refusal("imagePullSecrets", `with ${shown(name)}`, asked, "pullSecrets", name));
}

/** Certificates as text are the agent's own; a ConfigMap of the namespace may be somebody else's. */
function configMapRefusals(asked: Asked): Refusal[] {
  const { config, defaults, policy, who } = asked;
  const name = config.caBundle === null ? null : configMapOf(config.caBundle);
  if (name === null || config.caBundle === defaults.caBundle || matchesAny(policy.allow.configMaps, name, who))
    return [];
  return [refusal("caBundle", shown(config.caBundle), asked, "configMaps", name)];
}

function nodeRefusals(asked: Asked): Refusal[] {
  const { policy, who } = asked;
  return ownEntries(asked, "nodeSelector")
    .filter(
      ([key, value]) =>
        !matchesAny(policy.allow.nodeLabels, key, who) && !matchesAny(policy.allow.nodeLabels, `${key}=${value}`, who),
    )
    .map(([key, value]) =>
      refusal("nodeSelector", `with ${shown(`${key}=${value}`)}`, asked, "nodeLabels", `${key}=${value}`),
    );
}

/** `KEY`, `KEY=VALUE`, `KEY=VALUE:EFFECT`; a toleration that names no key or effect reaches more than one that does. */
function tolerationRefusal(asked: Asked, toleration: Toleration): Refusal[] {
  const { key: name, value, effect, operator } = toleration;
  const { defaults, policy, who } = asked;
  if (defaults.tolerations.some((one) => isDeepStrictEqual(one, toleration))) return [];
  // An empty key is none.
  const key = name || undefined;
  const patterns = policy.allow.tolerations;
  const pair = value === undefined || operator === "Exists" ? key : `${key}=${value}`;
  const words = key === undefined ? ["every taint"] : [key, pair, `${pair}:${effect ?? ""}`].map(String);
  const open = patterns.includes("*");
  if (open || (key !== undefined && words.some((word) => matchesAny(patterns, word, who)))) return [];
  const full = effect ? `${pair}:${effect}` : String(pair);
  const what = key === undefined ? "one of every taint" : `one of ${shown(full)}`;
  return [refusal("tolerations", `with ${what}`, asked, "tolerations", key === undefined ? "*" : full)];
}

function refusal(field: string, words: string, { policy, who }: Asked, rule: AllowRule, value: string): Refusal {
  const patterns = policy.allow[rule];
  return {
    field,
    asked: words,
    allowed: listed(patterns),
    grant: { path: ["allow", rule], value, isList: true },
    isUpToTheAgent: isUpToTheAgent(patterns, value, who),
  };
}

const claimed = (): Refusal => ({
  field: "workspace",
  asked: shown("claim"),
  allowed: "there is none",
  grant: { path: ["workspaceClaims"], value: {}, isList: false },
});

const retained = (): Refusal => ({
  field: "retainJobs",
  asked: "true",
  allowed: "it is false",
  grant: { path: ["limits", "retainJobs"], value: true, isList: false },
});
