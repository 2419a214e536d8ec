/**
 * Holds an agent's configuration to the operator's policy, the same for a run, the environment test and the supervisor: the
 * configuration that counts, or a refusal that names the rule. Pure.
 */
import { type ParsedAgentConfig, parseAgentConfig } from "../../config/agent-config.ts";
import { ConfigError } from "../../config/config-error.ts";
import type { Overlay } from "../../config/pod-template/overlay.ts";
import { filledIn } from "../pattern.ts";
import type { Policy } from "../rules.ts";
import { amountRefusals, withEnds } from "./amounts.ts";
import { type ChosenCluster, chooseCluster, defaultNamespace, namespaceRefusal } from "./clusters.ts";
import { listRefusals } from "./lists.ts";
import { withOperatorsEntries } from "./merge.ts";
import { problemOf, type Refusal } from "./refusal.ts";
import { setKeys } from "./taken-over.ts";
import type { Who } from "./who.ts";

export type { Refusal } from "./refusal.ts";
export type { Who } from "./who.ts";

/** One pod template, and whose it is. */
export interface PodTemplateLayer {
  /** The setting or the rule, as messages name it. */
  readonly field: string;
  readonly by: "agent" | "operator";
  readonly overlay: Overlay;
}

/** A configuration that has passed. */
export interface GovernedAgent extends ParsedAgentConfig {
  /** As Paperclip gave it, for the keys that Paperclip itself writes. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly policy: Policy;
  /** The way to its cluster: the policy's own words, never the agent's. */
  readonly cluster: { readonly kubeconfig?: string; readonly context?: string };
  /** Where it works, where the policy says so; null: in the cluster's default namespace. */
  readonly namespace: string | null;
  /** Pod templates in the order in which they are applied. */
  readonly podTemplates: readonly PodTemplateLayer[];
  /** Origin, such as `https://git.example.com` → the Secret with a login for it. */
  readonly gitCredentials: Readonly<Record<string, string>>;
  /** It may work there only if that is the cluster's own default namespace: see namespaceOf(). */
  readonly namespaceUnless: Refusal | null;
  /** What is allowed to one agent, where it is not known which agent this is; empty for a run. */
  readonly upToTheAgent: readonly Refusal[];
}

/** Throws ConfigError: `k8s_config_invalid` for what no configuration may hold, `k8s_policy_refused` for what this policy forbids. */
export function govern(input: Readonly<Record<string, unknown>>, policy: Policy, who: Who): GovernedAgent {
  const { refusals, governed } = examine(input, policy, who);
  const certain = refusals.filter(({ isUpToTheAgent }) => !isUpToTheAgent);
  if (certain.length > 0 || !governed) throw refused(certain, policy);
  return governed;
}

/** All that the policy has against a configuration. Throws ConfigError for what no configuration may hold. */
export function refusalsOf(input: Readonly<Record<string, unknown>>, policy: Policy, who: Who): readonly Refusal[] {
  const { refusals, governed } = examine(input, policy, who);
  return governed?.namespaceUnless ? [...refusals, governed.namespaceUnless] : refusals;
}

/**
 * The namespace of its Jobs. Throws ConfigError where the agent named another than the policy allows.
 *
 * @param own the default namespace of its cluster
 */
export function namespaceOf(agent: GovernedAgent, own: string): string {
  const { namespace, namespaceUnless, policy } = agent;
  if (namespaceUnless && !namespaceUnless.isUpToTheAgent && namespace !== own) throw refused([namespaceUnless], policy);
  return namespace ?? own;
}

function examine(input: Readonly<Record<string, unknown>>, policy: Policy, who: Who) {
  const own = parseAgentConfig(input);
  const chosen = chooseCluster(own.config, policy);
  // What else is refused is named at once: then the operator changes the policy once.
  const place: ChosenCluster = "rule" in chosen ? chosen : { name: null, rule: { namespaces: ["*"], defaults: {} } };
  const defaults = { ...policy.defaults, ...place.rule.defaults };
  const parsed = parseAgentConfig(input, defaults);
  const operators = parseAgentConfig(defaults).config;
  const config = withEnds(withOperatorsEntries(parsed.config, operators), parsed.chosen, policy);
  const asked = { config, own: own.chosen, defaults: operators, policy, who };
  const refusals = [...("rule" in chosen ? [] : [chosen]), ...listRefusals(asked), ...amountRefusals(asked)];
  if (!("rule" in chosen)) return { refusals, governed: null };
  const namespaceUnless = own.set.has("namespace") ? namespaceRefusal(config.namespace, chosen, who) : null;
  const governed: GovernedAgent = {
    ...parsed,
    set: setKeys(parsed, defaults, policy),
    config,
    input,
    policy,
    cluster: wayTo(chosen),
    namespace: config.namespace ?? defaultNamespace(chosen.rule, who),
    podTemplates: templatesOf(chosen, config.podTemplate, own.chosen.has("podTemplate"), policy),
    gitCredentials: Object.fromEntries(
      Object.entries(policy.git.credentials).map(([origin, secret]) => [origin, filledIn(secret, who)]),
    ),
    namespaceUnless,
    upToTheAgent: [...refusals, ...(namespaceUnless ? [namespaceUnless] : [])].filter((one) => one.isUpToTheAgent),
  };
  return { refusals, governed };
}

/** The agent's first, or the operator's default of it; then what no agent can take away. */
function templatesOf(
  { name, rule }: ChosenCluster,
  setting: Overlay | null,
  isOwn: boolean,
  policy: Policy,
): readonly PodTemplateLayer[] {
  const layer = (field: string, by: PodTemplateLayer["by"], overlay: Overlay | null | undefined): PodTemplateLayer[] =>
    overlay ? [{ field, by, overlay }] : [];
  return [
    ...layer(isOwn ? "podTemplate" : "defaults.podTemplate of the policy", isOwn ? "agent" : "operator", setting),
    ...layer("podTemplate of the policy", "operator", policy.podTemplate),
    ...layer(`clusters.${name}.podTemplate of the policy`, "operator", rule.podTemplate),
  ];
}

function wayTo({ rule: { kubeconfig, context } }: ChosenCluster): GovernedAgent["cluster"] {
  return { ...(kubeconfig === undefined ? {} : { kubeconfig }), ...(context === undefined ? {} : { context }) };
}

function refused(refusals: readonly Refusal[], policy: Policy): ConfigError {
  return new ConfigError(
    refusals.map((refusal) => problemOf(refusal, policy)),
    "k8s_policy_refused",
  );
}
