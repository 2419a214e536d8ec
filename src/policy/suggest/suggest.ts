/** The rules that agents need beyond the present policy so that they go on as they are. Pure. */
import { isAbsolute, resolve } from "node:path";
import { type AgentConfig, parseAgentConfig } from "../../config/agent-config.ts";
import { ConfigError } from "../../config/config-error.ts";
import { isBelow } from "../../paperclip/paths.ts";
import { withDefaults } from "../defaults.ts";
import { refusalsOf } from "../govern/govern.ts";
import { type Grant, linesOf, type Refusal, shown } from "../govern/refusal.ts";
import type { Policy } from "../rules.ts";
import type { PolicyFile } from "../schema.ts";
import { isTemplateRule } from "../template-rule.ts";
import { nameOfCluster } from "./cluster-names.ts";
import { asTemplate, isPlain } from "./grant-values.ts";
import { type FileRules, withGrant } from "./grants.ts";

export interface Candidate {
  readonly companyId: string;
  readonly agentId: string;
  /** Who it is, for the operator, in characters that a comment can hold. */
  readonly label: string;
  /** The task that overrides its configuration; null: it is the agent's own. */
  readonly task: string | null;
  readonly config: Readonly<Record<string, unknown>>;
}

export interface SuggestInput {
  readonly candidates: readonly Candidate[];
  /** What the present file says; empty where there is none. */
  readonly file: PolicyFile;
  /** See Policy. */
  readonly ownKubeconfigs: readonly string[];
  /** Paperclip's own namespace in its own cluster, which needs no rule; null: not known. */
  readonly ownNamespace: string | null;
  /** Paperclip's home, in which no kubeconfig may lie. */
  readonly home: string;
  /** Names for clusters, best first. */
  readonly clusterNames: (kubeconfig: string | null, context: string | null) => readonly string[];
}

export interface SuggestedRule {
  readonly grant: Grant;
  /** Labels of the agents that need it. */
  readonly neededBy: readonly string[];
  /** How many companies they are of. */
  readonly companies: number;
}

/** An agent that no rule lets go on. */
export interface LeftOut {
  readonly agent: Candidate;
  /** Sentences: what is in its way, and what to do. */
  readonly reasons: readonly string[];
}

export interface Suggestion {
  readonly rules: readonly SuggestedRule[];
  readonly leftOut: readonly LeftOut[];
  /** The file with the rules. */
  readonly file: PolicyFile;
}

/** Rounds of one agent: what is asked of a cluster shows once the cluster is allowed. */
const MOST_ROUNDS = 50;

export function suggest(input: SuggestInput): Suggestion {
  let rules = structuredClone(input.file) as FileRules;
  const grants: Grant[] = [];
  const leftOut: LeftOut[] = [];
  for (const candidate of input.candidates) {
    const needed = needsOf(candidate, rules, input);
    if ("reasons" in needed) leftOut.push({ agent: candidate, reasons: needed.reasons });
    else {
      rules = needed.rules;
      grants.push(...needed.grants);
    }
  }
  const out = new Set(leftOut.map(({ agent }) => agent));
  const goingOn = input.candidates.filter((candidate) => !out.has(candidate));
  const kept = withoutNeedless(grants, goingOn, input);
  return { rules: kept.map((grant) => ruleOf(grant, kept, goingOn, input)), leftOut, file: fileOf(kept, input) };
}

const fileOf = (grants: readonly Grant[], { file }: SuggestInput): PolicyFile =>
  grants.reduce(withGrant, structuredClone(file) as FileRules) as PolicyFile;

/** A bound that was raised twice counts once; what a wider rule has made needless goes. */
function withoutNeedless(grants: readonly Grant[], goingOn: readonly Candidate[], input: SuggestInput): Grant[] {
  const byRule = new Map<string, Grant>();
  for (const grant of grants) {
    const key = JSON.stringify(grant.isList ? [grant.path, grant.value] : [grant.path]);
    byRule.delete(key);
    byRule.set(key, grant);
  }
  const needy = goingOn.filter((candidate) => refusalsIn(candidate, input.file, input).length > 0);
  let kept = [...byRule.values()];
  for (const grant of kept) {
    // In their order: what stands within a cluster follows it.
    const others = kept.filter((other) => other !== grant);
    const without = fileOf(others, input);
    if (!needy.some((candidate) => refusalsIn(candidate, without, input).length > 0)) kept = others;
  }
  return kept;
}

function ruleOf(
  grant: Grant,
  all: readonly Grant[],
  goingOn: readonly Candidate[],
  input: SuggestInput,
): SuggestedRule {
  const without = fileOf(
    all.filter((other) => other !== grant),
    input,
  );
  const needing = goingOn.filter((candidate) => refusalsIn(candidate, without, input).length > 0);
  const themselves = new Set(needing.filter(({ task }) => task === null).map(({ agentId }) => agentId));
  // What an agent needs itself, its tasks need too.
  const named = needing.filter(({ task, agentId }) => task === null || !themselves.has(agentId));
  const neededBy = [...new Set(named.map(({ label }) => label))];
  return { grant, neededBy, companies: new Set(needing.map(({ companyId }) => companyId)).size };
}

function needsOf(
  candidate: Candidate,
  before: FileRules,
  input: SuggestInput,
): { readonly rules: FileRules; readonly grants: readonly Grant[] } | Pick<LeftOut, "reasons"> {
  let rules = before;
  const grants: Grant[] = [];
  try {
    const { config } = parseAgentConfig(candidate.config);
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const [refusal] = refusalsIn(candidate, rules, input);
      if (!refusal) return { rules, grants };
      const grant = suggestable(refusal, candidate, config, rules, input);
      if (typeof grant === "string") return { reasons: [grant] };
      rules = withGrant(rules, grant);
      grants.push(grant);
    }
    return { reasons: ["it needs more rules than one policy should have for one agent. Look at its configuration."] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { reasons: error.problems.map(({ field, problem, fix }) => `${field} ${problem}. ${fix}`) };
  }
}

/** All that the policy of these rules has against the agent. */
export function refusalsIn(
  { config, companyId, agentId }: Candidate,
  rules: FileRules | PolicyFile,
  { ownKubeconfigs, ownNamespace }: Pick<SuggestInput, "ownKubeconfigs" | "ownNamespace">,
): readonly Refusal[] {
  const policy: Policy = withDefaults(rules as PolicyFile, null, ownKubeconfigs);
  return refusalsOf(config, policy, { companyId, agentId }).filter(({ grant: { path, value } }) => {
    const isOwn = path.join(".") === "clusters.default.namespaces" && value === ownNamespace;
    return !(isOwn && policy.clusters.default?.kubeconfig === undefined);
  });
}

/** The rule as it may stand in a policy, or why there can be none. */
function suggestable(
  { field, grant }: Refusal,
  { companyId, agentId }: Candidate,
  config: AgentConfig,
  rules: FileRules,
  input: SuggestInput,
): Grant | string {
  if (grant.path[0] === "clusters" && grant.path.length === 2) return clusterGrant(config, rules, input);
  if (!grant.isList) return grant;
  const value = String(grant.value);
  const isEveryTaint = grant.path.at(-1) === "tolerations" && config.tolerations.some(({ key }) => !key);
  if (value === "*" && isEveryTaint) return grant;
  const isNoPlace = grant.path.at(-1) === "podTemplate" && !isTemplateRule(value);
  if (!isPlain(value) || isNoPlace) return `${field} is ${shown(value)}, which no rule can name. Correct it.`;
  return { ...grant, value: asTemplate(value, { companyId, agentId }) };
}

function clusterGrant(config: AgentConfig, { clusters = {} }: FileRules, input: SuggestInput): Grant | string {
  const { cluster, kubeconfig, kubeContext } = config;
  if (cluster !== null && (Object.hasOwn(clusters, cluster) || cluster === "default"))
    return `kubeconfig and kubeContext name another way than the policy's cluster ${shown(cluster)}. Unset them, or "cluster".`;
  if (cluster !== null && kubeconfig === null)
    return `cluster is ${shown(cluster)}, and nobody but you knows where that is. Add clusters.${cluster} with its kubeconfig.`;
  if (kubeconfig !== null && !(isPlain(kubeconfig) && isAbsolute(kubeconfig)))
    return `kubeconfig is ${shown(kubeconfig)}, which no rule can name. Write an absolute path without wildcards.`;
  if (kubeContext !== null && !isPlain(kubeContext))
    return `kubeContext is ${shown(kubeContext)}, which no rule can name. Correct it.`;
  const names = [...(cluster === null ? [] : [cluster]), ...input.clusterNames(kubeconfig, kubeContext)];
  const name = nameOfCluster(names, Object.keys({ ...clusters, default: true }));
  const file = kubeconfig === null ? null : resolve(kubeconfig);
  if (file !== null && isBelow(file, input.home)) return moved(file, name, kubeContext);
  const value = { ...(file ? { kubeconfig: file } : {}), ...(kubeContext ? { context: kubeContext } : {}) };
  return { path: ["clusters", name], value, isList: false };
}

/** What lies where agents write is no way to a cluster. */
function moved(file: string, name: string, context: string | null): string {
  const value = { kubeconfig: `/etc/paperclip-k8s-clusters/${name}.yaml`, ...(context ? { context } : {}) };
  const rule = linesOf({ path: ["clusters", name], value, isList: false });
  return `kubeconfig is ${file}, in Paperclip's home, where agents may write. Mount that file from a Secret, add the rule ${rule}, unset the agent's kubeconfig and kubeContext, and set its cluster to ${name}.`;
}
