/** Gathers what a plan needs: the agent's configuration, the cluster, Paperclip's own pod, the instructions. */
import type { AdapterExecutionContext } from "@paperclipai/adapter-utils";
import type { ParsedAgentConfig } from "../../config/agent-config.ts";
import { ConfigError } from "../../config/config-error.ts";
import { inheritedEnvironment } from "../../config/inherited-environment.ts";
import { operatorPolicy } from "../../config/operator.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import type { ClusterOptions } from "../../kubernetes/cluster.ts";
import { gitLaunchers } from "../../paperclip/github.ts";
import { foreignPaths, readInstructions } from "../../paperclip/instructions.ts";
import { paperclipHome } from "../../paperclip/kept-files.ts";
import { inPaperclipServer } from "../../paperclip/server.ts";
import { readSkills } from "../../paperclip/skills.ts";
import { readWake } from "../../paperclip/wake.ts";
import { runnerScript, startScript } from "../../runner/scripts.generated.ts";
import { RUN_FILES } from "../../runner/spec.ts";
import type { Dependencies } from "../shared/dependencies.ts";
import { findHostPod, type HostPodLookup } from "./find-host-pod.ts";
import { readHomeOnDisk } from "./home/on-disk.ts";
import type { PlanInput } from "./plan-input.ts";
import { type ProbeSettings, planProbe } from "./probe-plan.ts";
import type { AgentBundle } from "./provision.ts";
import { planRun, type RunPlan } from "./run-plan.ts";

export { findHostPod, type HostPodLookup } from "./find-host-pod.ts";
export { HOMES_FOLDER } from "./home/entitlement.ts";
export { furnishHome } from "./home/furnish.ts";
export { chooseHome, type Home, isOnPaperclipsVolume } from "./home.ts";
export type { RunPlan } from "./run-plan.ts";
export { environmentOf, variableKey } from "./secret.ts";
export { isSameToken, mountedTokens, tokenIn, tokenSecret, tokenSecretName } from "./token.ts";
export {
  isTranscriptCopy,
  paperclipHome,
  removeTranscriptCopy,
  TRANSCRIPT_COPIES,
  transcriptCopyOf,
} from "./transcript-copy.ts";

/** The cluster that an agent's configuration names. */
export function clusterOf({ config }: ParsedAgentConfig): ClusterOptions {
  const { kubeconfig, kubeContext } = config;
  return { ...(kubeconfig ? { kubeconfig } : {}), ...(kubeContext ? { context: kubeContext } : {}) };
}

/**
 * Throws ConfigError, or ApiError when the cluster cannot be asked for Paperclip's own pod.
 *
 * @param hostPod the result of an earlier lookup
 */
export async function prepare(
  ctx: AdapterExecutionContext,
  agent: ParsedAgentConfig,
  client: KubernetesClient,
  deps: Dependencies,
  signal: AbortSignal,
  hostPod?: HostPodLookup,
): Promise<RunPlan> {
  return planRun(await gather(ctx, agent, client, deps, hostPod ?? (await findHostPod(client, deps, { signal }))));
}

/** The plan of a probe of the agent, see probe-plan.ts. Throws ConfigError. */
export async function prepareProbe(
  ctx: AdapterExecutionContext,
  agent: ParsedAgentConfig,
  client: KubernetesClient,
  deps: Dependencies,
  hostPod: HostPodLookup,
  settings: ProbeSettings,
): Promise<RunPlan> {
  // Of a configuration that is empty no instructions and skills are read: they would only make a hello slower and dearer.
  return planProbe(await gather({ ...ctx, config: {} }, agent, client, deps, hostPod), settings);
}

async function gather(
  ctx: AdapterExecutionContext,
  agent: ParsedAgentConfig,
  client: KubernetesClient,
  deps: Dependencies,
  hostPod: HostPodLookup,
): Promise<PlanInput> {
  const policy = operatorPolicy(deps.env);
  return {
    ctx,
    agent,
    policy,
    inherited: inheritedEnvironment(deps.env, policy),
    hostPod: hostPod.kind === "found" ? hostPod.pod : null,
    ...(hostPod.kind === "found" ? {} : { hostPodMissing: hostPod }),
    defaultNamespace: client.cluster.namespace,
    ...(await diskOf(ctx, hostPod, client, deps)),
    bundle: await readBundle(ctx, agent, deps),
    scripts: { [RUN_FILES.start]: startScript, [RUN_FILES.runner]: runnerScript },
  };
}

async function diskOf(
  ctx: AdapterExecutionContext,
  hostPod: HostPodLookup,
  client: KubernetesClient,
  { env }: Dependencies,
): Promise<Pick<PlanInput, "disk">> {
  const home = hostPod.kind === "found" ? hostPod.pod.homeClaim?.mountPath : undefined;
  if (home === undefined) return {};
  const tenant = { companyId: ctx.agent.companyId, agentId: ctx.agent.id };
  const workspace = readWake(ctx).workspace.cwd;
  return { disk: await readHomeOnDisk({ env, home, workspace, tenant, now: client.clock.now() }) };
}

/**
 * Bytes for skills and the files beside the instructions. A Secret holds 1 MiB; what remains is for the prompt, the
 * environment and the runner. Fixed: with a share that depended on the prompt, skills would come and go between runs.
 */
const BUNDLE_BYTES = 640 * 1024;

/** What Paperclip has for the agent beside its prompt. */
async function readBundle(
  ctx: AdapterExecutionContext,
  agent: ParsedAgentConfig,
  deps: Dependencies,
): Promise<AgentBundle> {
  const { config } = ctx;
  const { id: agentId, companyId, adapterConfig: stored } = ctx.agent;
  const from = { config, stored, companyId, agentId, home: paperclipHome(deps.env) };
  // Outside of Paperclip's server the caller's configuration is the operator's own; there agents can change it.
  if (inPaperclipServer(deps.env)) refuseForeign(from);
  const { instructions, notes } = await readInstructions({ ...from, room: BUNDLE_BYTES });
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

/** Throws ConfigError where the configuration names instructions that Paperclip does not keep for this agent. */
function refuseForeign(from: Parameters<typeof foreignPaths>[0]): void {
  const problems = foreignPaths(from).map(({ field, path }) => ({
    field,
    problem: `names ${path}, which Paperclip does not keep for this agent`,
    fix: "Set it on the agent's Instructions tab; a task cannot override it.",
  }));
  if (problems.length > 0) throw new ConfigError(problems);
}
