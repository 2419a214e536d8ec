/** Which policy of the operator's holds, and what it says of this configuration. Pure. */
import type { AdapterEnvironmentCheck } from "@paperclipai/adapter-utils";
import type { GovernedAgent, Policy } from "../../policy/policy.ts";
import { info, problem } from "../check.ts";

/** The policy in force, and what it opens that reaches beyond the agent's own pod. */
export function checkPolicy(policy: Policy): AdapterEnvironmentCheck[] {
  const { path, trust, home } = policy;
  const which = path === null ? "No policy file is set (PAPERCLIP_K8S_POLICY), the defaults hold" : `${path} holds`;
  const agents = trust === "full" ? "agents are trusted" : "agents are bounded";
  const open = openTo(policy);
  return [
    info("k8s_policy", `The operator's policy: ${which}; ${agents}; homes: ${home}.`),
    ...(open.length > 0 ? [info("k8s_policy_open", `The operator's policy opens: ${open.join("; ")}.`)] : []),
  ];
}

/** Lists in which `*` opens more than the agent's own pod. */
const WIDE: Readonly<Partial<Record<keyof Policy["allow"], string>>> = {
  claims: "every claim of the namespace, to read and to write",
  serviceAccounts: "every service account",
  labels: "every label, also those by which Services select",
  nodeLabels: "every node label",
  tolerations: "every taint, also the control plane's",
  priorityClasses: "every priority",
};

function openTo({ trust, home, allow, clusters }: Policy): readonly string[] {
  const lists = Object.entries(WIDE).flatMap(([rule, what]) =>
    allow[rule as keyof typeof WIDE].includes("*") ? [`${what} (allow.${rule})`] : [],
  );
  const namespaces = Object.entries(clusters).flatMap(([name, rule]) =>
    rule.namespaces.includes("*")
      ? [`every namespace that Paperclip's account may use (clusters.${name}.namespaces)`]
      : [],
  );
  return [
    ...(trust === "full" ? ["any kubeconfig of an agent, whose programs run on Paperclip's machine (trust)"] : []),
    ...(home === "shared" ? ["all of Paperclip's volume, its own files and other agents' among them (home)"] : []),
    ...lists,
    ...namespaces,
  ];
}

/** What the policy gives to one agent alone: the page of the test has a configuration, and tells no agent. */
export function checkUpToTheAgent({ upToTheAgent }: GovernedAgent): AdapterEnvironmentCheck[] {
  return upToTheAgent.map(({ field, asked, grant }) => {
    const fate = field === "homeClaim" ? "without that volume" : "not at all";
    return info(
      "k8s_policy_up_to_the_agent",
      `${field} is ${asked}, which the policy gives to the agent of that id alone (${grant.path.join(".")}). The test is not told which agent it is for, so its pod runs ${fate}; a run is decided by its own agent's id.`,
    );
  });
}

/** A namespace for each agent, of which the test knows none. */
export function checkOwnNamespace({ namespace }: GovernedAgent): AdapterEnvironmentCheck | null {
  if (!namespace?.includes("{agentId}")) return null;
  const message = `The policy gives each agent a namespace of its own (${namespace}), and the test is not told which agent it is for: the cluster was not looked at.`;
  return problem("warn", "k8s_policy_up_to_the_agent", message, "Run the agent to see.");
}

/** The agent whose pod the test may start: without what may be another's. Null: there is none. */
export function withoutUpToTheAgent(agent: GovernedAgent): GovernedAgent | null {
  if (agent.upToTheAgent.length === 0) return agent;
  if (agent.upToTheAgent.some(({ field }) => field !== "homeClaim")) return null;
  return { ...agent, config: { ...agent.config, homeClaim: null } };
}
