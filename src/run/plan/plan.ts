/** Gathers what a plan needs: the agent's configuration, the cluster, Paperclip's own pod, the instructions. */
import type { AdapterExecutionContext } from "@paperclipai/adapter-utils";
import type { ParsedAgentConfig } from "../../config/agent-config.ts";
import { inheritedEnvironment, operatorPolicy } from "../../config/operator.ts";
import { ApiError } from "../../kubernetes/api-error.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import type { ClusterOptions } from "../../kubernetes/cluster.ts";
import { pods } from "../../kubernetes/resource-types.ts";
import { gitLaunchers } from "../../paperclip/github.ts";
import { type HostPod, hostPodAddress, readHostPod } from "../../paperclip/host-pod.ts";
import { readInstructions } from "../../paperclip/instructions.ts";
import { readSkills } from "../../paperclip/skills.ts";
import { runnerScript, startScript } from "../../runner/scripts.generated.ts";
import { RUN_FILES } from "../../runner/spec.ts";
import type { Dependencies } from "../shared/dependencies.ts";
import { HOME } from "./home.ts";
import type { Given } from "./provision.ts";
import { planRun, type RunPlan } from "./run-plan.ts";

export { chooseHome } from "./home.ts";
export type { RunPlan } from "./run-plan.ts";
export { variableKey } from "./secret.ts";
export { TOKENS, takesTokens, tokenSecret } from "./token.ts";
export { transcriptCopyOf } from "./transcript-copy.ts";

/** The cluster that an agent's configuration names. */
export function clusterOf({ config }: ParsedAgentConfig): ClusterOptions {
  const { kubeconfig, kubeContext } = config;
  return { ...(kubeconfig ? { kubeconfig } : {}), ...(kubeContext ? { context: kubeContext } : {}) };
}

/** Throws ConfigError, or ApiError when the cluster cannot be asked for Paperclip's own pod. */
export async function prepare(
  ctx: AdapterExecutionContext,
  agent: ParsedAgentConfig,
  client: KubernetesClient,
  deps: Dependencies,
  signal: AbortSignal,
): Promise<RunPlan> {
  const policy = operatorPolicy(deps.env);
  return planRun({
    ctx,
    agent,
    policy,
    inherited: inheritedEnvironment(deps.env, policy),
    hostPod: await findHostPod(client, deps, signal),
    defaultNamespace: client.cluster.namespace,
    given: await whatIsGiven(ctx, agent, deps),
    scripts: { [RUN_FILES.start]: startScript, [RUN_FILES.runner]: runnerScript },
  });
}

/** Null when Paperclip does not run in this cluster, or may not look. */
export async function findHostPod(
  client: KubernetesClient,
  deps: Pick<Dependencies, "env" | "readFile">,
  signal?: AbortSignal,
): Promise<HostPod | null> {
  const address = await hostPodAddress(deps.env, deps.readFile);
  if (!address) return null;
  const home = deps.env.PAPERCLIP_HOME?.trim() || HOME;
  try {
    const pod = await client.find(pods, address.namespace, address.name, signal ? { signal } : {});
    return pod ? readHostPod(pod, home) : null;
  } catch (error) {
    // Another cluster, or fewer rights than the documented Role: then the agent's configuration must say it all.
    if (error instanceof ApiError && error.forbidden) return null;
    throw error;
  }
}

/**
 * Bytes for skills and the files beside the instructions. A Secret holds 1 MiB; what remains is for the prompt, the
 * environment and the runner. Fixed: with a share that depended on the prompt, skills would come and go between runs.
 */
const BUNDLE_BYTES = 640 * 1024;

/** What Paperclip has for the agent beside its prompt. */
async function whatIsGiven(ctx: AdapterExecutionContext, agent: ParsedAgentConfig, deps: Dependencies): Promise<Given> {
  const { instructions, notes } = await readInstructions(ctx.config, deps.readFile, BUNDLE_BYTES);
  const skills = await readSkills(ctx.config, BUNDLE_BYTES - (instructions?.folder?.cost ?? 0));
  return {
    instructions,
    skills,
    programs: gitLaunchers(agent.config.env),
    mcpServers: ctx.runtimeMcp?.getServers() ?? [],
    paperclipUrl: deps.paperclipUrl(ctx.agent),
    notes: [...notes, ...skills.notes],
  };
}
