/** A policy under which no agent could run is refused whole, when it is read. */
import { parseAgentConfig } from "../config/agent-config.ts";
import { ConfigError } from "../config/config-error.ts";
import type { FileProblem } from "./file-problems.ts";
import { amountRefusals, withEnds } from "./govern/amounts.ts";
import type { Policy } from "./rules.ts";

const NOBODY = { companyId: "company", agentId: "agent" };

/** Problems of an agent that sets nothing, in each cluster. */
export function requireUsable(policy: Policy): readonly FileProblem[] {
  const ofClusters = Object.entries(policy.clusters).flatMap(([name, rule]) => [
    ...problemsOfDefaults(policy, name, { ...policy.defaults, ...rule.defaults }),
    ...strayBraces(`clusters.${name}`, [...(rule.namespace ? [rule.namespace] : []), ...rule.namespaces]),
  ]);
  const ofLists = Object.entries(policy.allow).flatMap(([rule, list]) => strayBraces(`allow.${rule}`, list));
  return [...ofClusters, ...ofLists, ...strayBraces("git.credentials", Object.values(policy.git.credentials))];
}

/** Settings of the way to a cluster are rules of the cluster. */
const NO_DEFAULTS = ["cluster", "kubeconfig", "kubeContext", "namespace"];

function problemsOfDefaults(
  policy: Policy,
  cluster: string,
  defaults: Readonly<Record<string, unknown>>,
): FileProblem[] {
  const where = cluster === "default" ? "defaults" : `clusters.${cluster}.defaults`;
  const misplaced = NO_DEFAULTS.filter((key) => key in defaults);
  if (misplaced.length > 0)
    return [
      {
        problem: `${where}.${misplaced[0]} is no setting that may stand there`,
        fix: "Write it as a rule of clusters.",
      },
    ];
  try {
    const { config, set, notes } = parseAgentConfig(defaults);
    const unknown = notes.map((note) => ({ problem: `${where}: ${note}`, fix: "Remove it." }));
    if (unknown.length > 0) return unknown;
    // Every amount: also those that an agent has when nobody sets them.
    const all = new Set(Object.keys(config));
    const asked = { config: withEnds(config, set, policy), own: all, defaults: config, policy, who: NOBODY };
    return amountRefusals(asked).map(({ field, asked: value, allowed, grant }) => ({
      problem: `${grant.path.join(".")} forbids ${field}: ${value}, which an agent has that does not set it: ${allowed}`,
      fix: `Change the rule, or add within it: ${where}: {${field}: …}`,
    }));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ field, problem, fix }) => ({ problem: `${where}.${field} ${problem}`, fix }));
  }
}

/** {companyid} would be text, and never match. */
function strayBraces(rule: string, patterns: readonly string[]): FileProblem[] {
  return patterns
    .filter((pattern) => /[{}]/.test(pattern.replace(/\{(companyId|agentId)\}/g, "")))
    .map((pattern) => ({
      problem: `${rule}: ${pattern} has braces that are neither {companyId} nor {agentId}`,
      fix: "Correct it.",
    }));
}
