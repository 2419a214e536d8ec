/** Gathers what a plan needs: the agent's configuration, the cluster, Paperclip's own pod, the instructions. */
import type { AdapterExecutionContext } from "@paperclipai/adapter-utils";
import type { ParsedAgentConfig } from "../config/agent-config.ts";
import { inheritedEnvironment, operatorPolicy } from "../config/operator.ts";
import { ApiError } from "../kubernetes/api-error.ts";
import type { KubernetesClient } from "../kubernetes/client.ts";
import type { ClusterOptions } from "../kubernetes/cluster.ts";
import { pods } from "../kubernetes/resource-types.ts";
import { type HostPod, hostPodAddress, readHostPod } from "../paperclip/host-pod.ts";
import { runnerScript, startScript } from "../runner/scripts.generated.ts";
import { RUN_FILES } from "../runner/spec.ts";
import type { Dependencies } from "./dependencies.ts";
import { HOME } from "./plan/home.ts";
import { planRun, type RunPlan } from "./plan/plan.ts";

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
  const instructions = await readInstructions(agent, deps);
  return planRun({
    ctx,
    agent: instructions.note ? { ...agent, notes: [...agent.notes, instructions.note] } : agent,
    policy,
    inherited: inheritedEnvironment(deps.env, policy),
    hostPod: await findHostPod(client, deps, signal),
    defaultNamespace: client.cluster.namespace,
    instructions: instructions.text,
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

async function readInstructions(
  { config }: ParsedAgentConfig,
  deps: Dependencies,
): Promise<{ readonly text: string | null; readonly note: string | null }> {
  const path = config.instructionsFilePath;
  if (!path) return { text: null, note: null };
  try {
    const text = await deps.readFile(path);
    const folder = path.slice(0, path.lastIndexOf("/") + 1);
    const origin = `The above agent instructions were loaded from ${path}. Resolve any relative file references from ${folder}.`;
    return { text: `${text}\n\n${origin}\n`, note: null };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { text: null, note: `The instructions file cannot be read, the run goes on without it: ${why}` };
  }
}
