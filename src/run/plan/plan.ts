/** Gathers what a plan needs: the agent's configuration, the cluster, Paperclip's own pod, the instructions. */
import type { AdapterExecutionContext } from "@paperclipai/adapter-utils";
import { ConfigError } from "../../config/config-error.ts";
import { inheritedEnvironment } from "../../config/inherited-environment.ts";
import { operatorSettings } from "../../config/operator.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { gitLaunchers } from "../../paperclip/github.ts";
import { readInstallation } from "../../paperclip/installation.ts";
import { foreignPaths, readInstructions } from "../../paperclip/instructions.ts";
import { paperclipHome } from "../../paperclip/kept-files.ts";
import { inPaperclipServer } from "../../paperclip/server.ts";
import { readSkills } from "../../paperclip/skills.ts";
import { readWake } from "../../paperclip/wake.ts";
import type { GovernedAgent } from "../../policy/policy.ts";
import { runnerScript, startScript } from "../../runner/scripts.generated.ts";
import { RUN_FILES } from "../../runner/spec.ts";
import type { Dependencies } from "../shared/dependencies.ts";
import { paperclipsAuthorities } from "./authorities.ts";
import { findHostPod, type HostPodLookup } from "./find-host-pod.ts";
import { readHomeOnDisk } from "./home/on-disk.ts";
import { referencesOf, requireReferences } from "./overlay/references.ts";
import type { PlanInput } from "./plan-input.ts";
import { type ProbeSettings, planProbe } from "./probe-plan.ts";
import type { AgentBundle } from "./provision.ts";
import { planRun, type RunPlan } from "./run-plan.ts";

export { type Bundle, bundleHolder, bundleSecret, bundlesOf, hasContentOf, isHolder } from "./bundles/bundle.ts";
export { lacksImageVolume } from "./cli.ts";
export { findHostPod, type HostPodLookup } from "./find-host-pod.ts";
export { DROPPED_FIX, droppedHardening } from "./hardening.ts";
export { HOMES_FOLDER } from "./home/entitlement.ts";
export { furnishHome } from "./home/furnish.ts";
export { homesInPaperclipsHome, removeHome } from "./home/homes-on-disk.ts";
export { chooseHome, type Home, isHomeOnClaim, isOnPaperclipsVolume } from "./home.ts";
export { itemKey, type Origins, originsOf, pathKey } from "./overlay/origins.ts";
export { lacksSidecars } from "./recorder.ts";
export type { RunPlan } from "./run-plan.ts";
export { environmentOf, runTokenIn } from "./secret.ts";
export { isSameToken, mountedTokens, tokenIn, tokenSecret, tokenSecretName } from "./token.ts";
export {
  isTranscriptCopy,
  paperclipHome,
  removeTranscriptCopy,
  TRANSCRIPT_COPIES,
  transcriptCopyOf,
} from "./transcript-copy.ts";
export { workspaceClaim } from "./workspace/claim-name.ts";
export type { ClaimRequest } from "./workspace/claim-request.ts";
export { whyNoFolders } from "./workspace/unseen.ts";

/**
 * Throws ConfigError, or ApiError when the cluster cannot be asked for Paperclip's own pod.
 *
 * @param hostPod the result of an earlier lookup
 */
export async function prepare(
  ctx: AdapterExecutionContext,
  agent: GovernedAgent,
  client: KubernetesClient,
  deps: Dependencies,
  signal: AbortSignal,
  hostPod?: HostPodLookup,
): Promise<RunPlan> {
  const plan = planRun(
    await gather(ctx, agent, client, deps, hostPod ?? (await findHostPod(client, deps, { signal }))),
  );
  await requireReferences(client, plan.namespace, referencesOf(plan.job), { signal });
  return plan;
}

/** The plan of a probe of the agent, see probe-plan.ts. Throws ConfigError. */
export async function prepareProbe(
  ctx: AdapterExecutionContext,
  agent: GovernedAgent,
  client: KubernetesClient,
  deps: Dependencies,
  hostPod: HostPodLookup,
  settings: ProbeSettings,
): Promise<RunPlan> {
  // Of a configuration that is empty no instructions and skills are read: they would only make a hello slower and dearer.
  return planProbe(await gather(ctx, { ...agent, input: {} }, client, deps, hostPod), settings);
}

async function gather(
  ctx: AdapterExecutionContext,
  agent: GovernedAgent,
  client: KubernetesClient,
  deps: Dependencies,
  hostPod: HostPodLookup,
): Promise<PlanInput> {
  const operator = operatorSettings(deps.env, agent.policy.environment);
  const inherited = inheritedEnvironment(deps.env, operator);
  const trusted = await paperclipsAuthorities(inherited.paths.NODE_EXTRA_CA_CERTS, deps.readFile);
  return {
    ctx,
    agent,
    operator,
    installation: await readInstallation(deps.env, agent.policy.instance),
    inherited,
    authorities: trusted.pem,
    hostPod: hostPod.kind === "found" ? hostPod.pod : null,
    ...(hostPod.kind === "found" ? {} : { hostPodMissing: hostPod }),
    defaultNamespace: client.cluster.namespace,
    ...(await diskOf(ctx, hostPod, client, deps)),
    bundle: withNotes(await readBundle(ctx, agent, deps), agent.config.caBundle === null ? trusted.notes : []),
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

const withNotes = (bundle: AgentBundle, notes: readonly string[]): AgentBundle => ({
  ...bundle,
  notes: [...bundle.notes, ...notes],
});

/**
 * Bytes for skills and the files beside the instructions. A Secret holds 1 MiB; what remains is for the prompt, the
 * environment and the runner. Fixed: with a share that depended on the prompt, skills would come and go between runs.
 */
const BUNDLE_BYTES = 640 * 1024;

/** What Paperclip has for the agent beside its prompt. */
async function readBundle(
  ctx: AdapterExecutionContext,
  agent: GovernedAgent,
  deps: Dependencies,
): Promise<AgentBundle> {
  const config = agent.input;
  const { id: agentId, companyId, adapterConfig: stored } = ctx.agent;
  const from = { config, stored, companyId, agentId, home: paperclipHome(deps.env) };
  // Paperclip guards what it has stored. Trusted agents' callers outside of its server store nothing.
  if (agent.policy.trust === "bounded" || inPaperclipServer(deps.env)) refuseForeign(from);
  const { instructions, notes } = await readInstructions({ ...from, room: BUNDLE_BYTES });
  const skills = await readSkills(agent.input, BUNDLE_BYTES - (instructions?.folder?.cost ?? 0));
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
