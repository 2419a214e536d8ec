/**
 * The plan of a run, pure: context, agent configuration, operator policy and Paperclip's own pod in; the Job, its
 * Secret and everything that the other steps need out. What can be wrong in a configuration is refused here.
 */
import type { AdapterInvocationMeta } from "@paperclipai/adapter-utils";
import type { Job } from "kubernetes-types/batch/v1";
import type { Affinity, Secret } from "kubernetes-types/core/v1";
import type { AgentConfig } from "../../config/agent-config.ts";
import type { Installation } from "../../paperclip/installation.ts";
import { decideResume, type ResumeDecision } from "../../paperclip/session.ts";
import { readWake, type Wake } from "../../paperclip/wake.ts";
import { namespaceOf, type Policy } from "../../policy/policy.ts";
import { signJob } from "../shared/job-signature.ts";
import { CONTAINER, jobName, LABELS, type RunIdentity, type RunLabels, runLabels } from "../shared/names.ts";
import { type RunFacts, type RunTerms, rememberedSession } from "../shared/run-terms.ts";
import { agentInput } from "./agent-input.ts";
import type { Bundle } from "./bundles/bundle.ts";
import { checkoutOf } from "./checkout/checkout.ts";
import { broughtCli } from "./cli.ts";
import { type Hardening, harden } from "./hardening.ts";
import { privateHome } from "./home/entitlement.ts";
import type { HomeRequest } from "./home/furnish.ts";
import { invocationMeta } from "./invocation-meta.ts";
import { jobManifest } from "./manifest.ts";
import { overlaid, type TemplateStage } from "./overlay/overlay.ts";
import { type HostPodMissing, placement, requireSecondUser } from "./placement.ts";
import type { PlanInput } from "./plan-input.ts";
import { provide } from "./provision.ts";
import { runSecret } from "./secret.ts";
import { chooseWorkplace, type Workplace } from "./workplace.ts";
import { type ClaimRequest, withAffinity } from "./workspace/claim-request.ts";
import type { Workspace } from "./workspace/workspace.ts";

export interface RunPlan extends RunTerms {
  /** The Paperclip whose run it is. */
  readonly installation: Installation;
  readonly identity: RunIdentity;
  readonly namespace: string;
  /** Name of the Job and of its Secret. */
  readonly name: string;
  readonly job: Job;
  /** Where the agent works, and how its project comes there. */
  readonly workspace: Workspace;
  /** The claim that it needs; null where it needs none. */
  readonly claimRequest: ClaimRequest | null;
  /** What is made on Paperclip's volume before the Job; null where the agent's home is not on it. */
  readonly homeRequest: HomeRequest | null;
  /** What the agent gets of a login in Paperclip's home, in words; null when that is of no matter. */
  readonly loginNote: string | null;
  /** How the Job's template came about, for `claude-k8s manifest`. */
  readonly templates: { readonly made: Job; readonly stages: readonly TemplateStage[] };
  /** Without owner: launch adds the Job's uid, which only the cluster knows. */
  readonly secret: Secret;
  /** The Secrets that the pod needs beside it, which other runs may have too. */
  readonly bundles: readonly Bundle[];
  readonly podStartTimeoutSec: number;
  /** Kueue's LocalQueue that lets the Job go; null: none. */
  readonly queue: string | null;
  /** Seconds in the queue; 0 = no limit. */
  readonly queueTimeoutSec: number;
  readonly retain: boolean;
  /** False: a Job that lost its Paperclip process blocks instead of being taken over. */
  readonly reattach: boolean;
  /** What the operator asks of the pod: the Job has it, unless its cluster drops it. */
  readonly hardening: Hardening;
  /** The operator's bound on the run's output, bytes. */
  readonly transcriptBytes: number;
  /** The operator's bound on Jobs at once, and the file that has it. */
  readonly jobsAtOnce: { readonly bounds: Policy["limits"]["jobs"]; readonly policyPath: string | null };
  /** Runs that this one continues, as the host names them: their Jobs are this run's to finish. */
  readonly predecessors: readonly string[];
  /** The run's own token for Paperclip: the agent of a Job that it takes over gets it. */
  readonly token: string | null;
  /** Sentences on what of the configuration has no effect, or another than one may think. */
  readonly notes: readonly string[];
  readonly meta: AdapterInvocationMeta;
}

/** Throws ConfigError for whatever cannot be run. */
export function planRun(input: PlanInput): RunPlan {
  const { ctx, hostPod, installation } = input;
  const { config } = input.agent;
  const namespace = namespaceOf(input.agent, input.defaultNamespace);
  const name = jobName(ctx.agent.id, ctx.runId);
  const wake = readWake(ctx);
  const workplace = chooseWorkplace(input, namespace, wake);
  const { home, cwd } = workplace;
  const provision = provide(input.bundle, home, input.operator.apiUrl);
  const { promptBundleKey, mcpServerIdentity } = provision;
  const session = { cwd, home: home.identity, promptBundleKey, mcpServerIdentity };
  const resume = decideResume(ctx.runtime, session, home.formerIdentity);
  const identity = identityOf(ctx, wake, resume.sessionId);
  const checkout = checkoutOf({
    ...{ workspace: workplace.workspace, wake, agent: input.agent, author: ctx.agent, runId: ctx.runId },
    hasManagedGit: provision.programs !== null,
  });
  const forAgent = agentInput(input, provision, resume.sessionId, workplace, checkout);
  const terms = termsOf(config, {
    ...(input.agent.policy.recorder === "separate" ? { recorder: "separate" } : {}),
    model: forAgent.model,
    resumedSessionId: resume.sessionId,
    sessionPersists: home.identity !== null,
  });
  const place = placement(input.agent, hostPod, namespace, input.hostPodMissing);
  requireSecondUser(place.user, input.agent.policy.recorder);
  const labels = withOwn(runLabels(identity, config.labels, installation.label), {
    [LABELS.egress]: config.egress,
    [LABELS.workspaceClaim]: workplace.workspace.kind === "claim" ? workplace.workspace.claim.name : null,
  });
  const made = jobManifest({
    ...{ name, namespace, identity, labels: labels.labels, ...place, home, workspace: workplace.workspace },
    affinity: affinityOf(place.affinity, workplace.workspace, input.agent.policy),
    ...{ environment: forAgent.environment, files: forAgent.content.items, bundles: forAgent.bundles },
    authorities: forAgent.authorities,
    ...{ cli: broughtCli(config), checkout },
    ...{ graceSec: config.graceSec, timeoutSec: config.timeoutSec, terms: { ...terms, session } },
    ttlSecondsAfterFinished: config.ttlSecondsAfterFinished,
  });
  const { job: manifest, stages, notes: ofTemplates } = overlaid(made, input.agent, claimOf(hostPod, namespace));
  const token = ctx.authToken ?? null;
  const job = signJob(harden(manifest, input.agent.policy.pod), installation, token);
  const notes = [
    ...[...input.agent.notes, ...input.bundle.notes, ...place.notes, ...labels.notes, ...forAgent.notes],
    ...[...ofTemplates, resume.note, workplace.note].filter((note) => note !== null),
  ];
  const shown = [...notes, ...unseen(input.hostPodMissing)];
  const { id, repoUrl, repoRef } = wake.workspace;
  return {
    installation,
    identity,
    namespace,
    name,
    job,
    templates: { made, stages },
    ...terms,
    workspace: workplace.workspace,
    claimRequest: workplace.claimRequest,
    loginNote: forAgent.loginNote,
    homeRequest: homeRequest(workplace, place.user, identity, resume),
    secret: runSecret(name, namespace, labels.labels, forAgent.content.data),
    bundles: forAgent.bundles,
    podStartTimeoutSec: config.podStartTimeoutSec,
    queue: config.queue,
    queueTimeoutSec: config.queueTimeoutSec,
    retain: config.retainJobs,
    reattach: config.reattachOrphanedJobs,
    ...boundsOf(input.agent.policy),
    predecessors: wake.previousRunIds,
    session: rememberedSession(session, { workspaceId: id, repoUrl, repoRef }),
    token,
    notes,
    meta: invocationMeta({ ...forAgent, ctx, name, namespace, job, workingDirectory: cwd, notes: shown }),
  };
}

const affinityOf = (affinity: Affinity | null, workspace: Workspace, { workspaceClaims }: Policy): Affinity | null =>
  workspace.kind === "claim" && workspaceClaims ? withAffinity(affinity, workspace.claim, workspaceClaims) : affinity;

/** A claim can be mounted only in its own namespace. */
const claimOf = (hostPod: PlanInput["hostPod"], namespace: string): string | null =>
  hostPod?.namespace === namespace ? (hostPod.homeClaim?.claimName ?? null) : null;

function boundsOf({ path, pod, limits }: Policy): Pick<RunPlan, "hardening" | "transcriptBytes" | "jobsAtOnce"> {
  const jobsAtOnce = { bounds: limits.jobs, policyPath: path };
  return { hardening: pod, transcriptBytes: limits.transcriptBytes, jobsAtOnce };
}

/** Image, placement and home would come from a pod that may be there. */
const unseen = (missing: HostPodMissing | undefined): string[] =>
  missing?.kind === "unseen" ? [`Nothing is taken over from Paperclip's own pod: ${missing.why}. ${missing.fix}`] : [];

function homeRequest(
  { home, cwd }: Workplace,
  { uid, gid }: { readonly uid: number | null; readonly gid: number | null },
  { companyId, agentId }: RunIdentity,
  { sessionId, isMoved }: ResumeDecision,
): HomeRequest | null {
  if (home.kind !== "private") return null;
  const session = sessionId !== null && isMoved ? { id: sessionId, cwd } : null;
  return {
    ...{ paperclipHome: home.path, privateHome: privateHome({ companyId, agentId }), folders: home.folders },
    ...{ owner: uid === null ? null : { uid, gid: gid ?? uid }, session },
  };
}

function identityOf({ runId, agent }: PlanInput["ctx"], { taskId }: Wake, sessionId: string | null): RunIdentity {
  const { id: agentId, name: agentName, companyId } = agent;
  return { agentId, agentName, companyId, runId, taskId, sessionId };
}

function withOwn({ labels, notes }: RunLabels, own: Readonly<Record<string, string | null>>): RunLabels {
  const given = Object.entries(own).filter((entry): entry is [string, string] => entry[1] !== null);
  return { labels: { ...labels, ...Object.fromEntries(given) }, notes };
}

function termsOf(
  { graceSec, timeoutSec, silenceLimitSec, toolSilenceLimitSec }: AgentConfig,
  known: Pick<RunFacts, "recorder" | "model" | "resumedSessionId" | "sessionPersists">,
): Omit<RunTerms, "session"> {
  const facts = { container: CONTAINER, timeoutSec, ...known };
  return { facts, graceSec, silence: { silenceLimitSec, toolSilenceLimitSec } };
}
