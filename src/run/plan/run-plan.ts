/**
 * The plan of a run, pure: context, agent configuration, operator policy and Paperclip's own pod in; the Job, its
 * Secret and everything that the other steps need out. What can be wrong in a configuration is refused here.
 */
import type { AdapterExecutionContext, AdapterInvocationMeta } from "@paperclipai/adapter-utils";
import type { Job } from "kubernetes-types/batch/v1";
import type { Secret } from "kubernetes-types/core/v1";
import type { ParsedAgentConfig } from "../../config/agent-config.ts";
import type { InheritedEnvironment } from "../../config/inherited-environment.ts";
import { chooseModel } from "../../config/models/choose-model.ts";
import type { OperatorPolicy } from "../../config/operator.ts";
import { buildEnvironment } from "../../paperclip/environment.ts";
import type { HostPod } from "../../paperclip/host-pod.ts";
import { decideResume } from "../../paperclip/session.ts";
import { readWake } from "../../paperclip/wake.ts";
import { RUN_FILES, type RunnerSpec, shellSpec } from "../../runner/spec.ts";
import { agentLabel, CONTAINER, jobName, type RunIdentity, runLabels } from "../shared/names.ts";
import { type RunFacts, type RunTerms, rememberedSession } from "../shared/run-terms.ts";
import { environmentScript } from "./environment-script.ts";
import { chooseHome, chooseWorkspace, type Home, SCRATCH, workingDirectory } from "./home.ts";
import { INSTRUCTIONS_FILE, invocation, runnerSpec, whatFits } from "./invocation.ts";
import { invocationMeta } from "./invocation-meta.ts";
import { jobManifest } from "./manifest.ts";
import { type HostPodMissing, placement } from "./placement.ts";
import { type Given, type Provision, provide } from "./provision.ts";
import { type RunFile, runSecret, secretContent } from "./secret.ts";

export interface PlanInput {
  readonly ctx: Pick<AdapterExecutionContext, "runId" | "agent" | "runtime" | "context" | "authToken">;
  readonly agent: ParsedAgentConfig;
  readonly policy: OperatorPolicy;
  /** Variables of Paperclip's own process that the policy hands on. */
  readonly inherited: InheritedEnvironment;
  readonly hostPod: HostPod | null;
  /** See paperclipHome(). */
  readonly paperclipHome: string;
  /** Why there is none. @default nothing is known of it */
  readonly hostPodMissing?: HostPodMissing;
  /** Where Jobs go when the agent does not say. */
  readonly defaultNamespace: string;
  /** What Paperclip has for the agent beside its prompt. */
  readonly given: Given;
  /** The scripts that run in the pod, by file name. */
  readonly scripts: Readonly<Record<string, string>>;
  /** One of them, for sh, which is given Claude Code's command as its arguments and starts it. @default none */
  readonly wrapper?: string;
}

export interface RunPlan extends RunTerms {
  readonly identity: RunIdentity;
  readonly namespace: string;
  /** Name of the Job and of its Secret. */
  readonly name: string;
  readonly job: Job;
  /** Without owner: launch adds the Job's uid, which only the cluster knows. */
  readonly secret: Secret;
  readonly podStartTimeoutSec: number;
  readonly retain: boolean;
  /** False: a Job that lost its Paperclip process blocks instead of being taken over. */
  readonly reattach: boolean;
  /** Runs that this one continues, as the host names them: their Jobs are this run's to finish. */
  readonly predecessors: readonly string[];
  /** The run's own token for Paperclip: the agent of a Job that it takes over gets it. */
  readonly token: string | null;
  /** See paperclipHome(). */
  readonly paperclipHome: string;
  /** Sentences on what of the configuration has no effect, or another than one may think. */
  readonly notes: readonly string[];
  readonly meta: AdapterInvocationMeta;
}

/** Throws ConfigError for whatever cannot be run. */
export function planRun(input: PlanInput): RunPlan {
  const { ctx, hostPod } = input;
  const { config } = input.agent;
  const namespace = config.namespace ?? input.defaultNamespace;
  const name = jobName(ctx.agent.id, ctx.runId);
  const wake = readWake(ctx);
  const home = chooseHome(namespace, config.homeClaim, hostPod);
  const workspaceCwd = chooseWorkspace(wake.workspace, config.cwd);
  const cwd = workingDirectory(home, workspaceCwd, config.cwd, agentLabel(ctx.agent.id));
  const provision = provide(input.given, home, input.policy.apiUrl);
  const { promptBundleKey, mcpServerIdentity } = provision;
  const session = { cwd, home: home.identity, promptBundleKey, mcpServerIdentity };
  const resume = decideResume(ctx.runtime, session);
  const { agent } = ctx;
  const identity: RunIdentity = {
    agentId: agent.id,
    agentName: agent.name,
    companyId: agent.companyId,
    runId: ctx.runId,
    taskId: wake.taskId,
    sessionId: resume.sessionId,
  };
  const words = whatToSay(input, provision, resume.sessionId, { cwd, workspaceCwd, home });
  const facts: RunFacts = {
    container: CONTAINER,
    model: words.model,
    resumedSessionId: resume.sessionId,
    sessionPersists: home.identity !== null,
    timeoutSec: config.timeoutSec,
  };
  const { graceSec, timeoutSec, silenceLimitSec, toolSilenceLimitSec, ttlSecondsAfterFinished } = config;
  const silence = { silenceLimitSec, toolSilenceLimitSec };
  const place = placement(input.agent, hostPod, namespace, input.hostPodMissing);
  const labels = runLabels(identity, config.labels);
  const job = jobManifest({
    name,
    namespace,
    identity,
    labels: labels.labels,
    ...place,
    home,
    workingDirectory: cwd,
    environment: words.environment,
    files: words.content.items,
    graceSec,
    timeoutSec,
    ttlSecondsAfterFinished,
    terms: { facts, graceSec, silence, session },
  });
  const notes = [...input.agent.notes, ...input.given.notes, ...place.notes, ...labels.notes, ...words.notes];
  if (resume.note) notes.push(resume.note);
  return {
    identity,
    namespace,
    name,
    job,
    facts,
    graceSec,
    silence,
    secret: runSecret(name, namespace, labels.labels, words.content.data),
    podStartTimeoutSec: config.podStartTimeoutSec,
    retain: config.retainJobs,
    reattach: config.reattachOrphanedJobs,
    predecessors: wake.previousRunIds,
    session: rememberedSession(session, {
      workspaceId: wake.workspace.id,
      repoUrl: wake.workspace.repoUrl,
      repoRef: wake.workspace.repoRef,
    }),
    token: ctx.authToken ?? null,
    paperclipHome: input.paperclipHome,
    notes,
    meta: invocationMeta({
      ...words,
      ctx,
      name,
      namespace,
      job,
      workingDirectory: cwd,
      notes: [...notes, ...unseen(input.hostPodMissing)],
    }),
  };
}

/** Image, placement and home would come from a pod that may be there. */
const unseen = (missing: HostPodMissing | undefined): string[] =>
  missing?.kind === "unseen" ? [`Nothing is taken over from Paperclip's own pod: ${missing.why}. ${missing.fix}`] : [];

/** Where the agent works. */
interface Place {
  readonly cwd: string;
  /** Paperclip's workspace, as Paperclip has it. */
  readonly workspaceCwd: string | null;
  readonly home: Home;
}

/** Everything that is said to the agent: it goes into the run's Secret. */
function whatToSay(input: PlanInput, provision: Provision, resume: string | null, place: Place) {
  const { ctx, scripts } = input;
  const { env, model: configuredModel, extraArgs } = input.agent.config;
  const { variables, notes, aboutTheRun } = buildEnvironment({
    ctx,
    configured: env,
    inherited: input.inherited.variables,
    inheritedPaths: input.inherited.paths,
    apiUrl: input.policy.apiUrl,
    workspaceCwd: place.workspaceCwd,
    workingDirectory: place.cwd,
    scratchFolder: SCRATCH,
    sharedHome: place.home.sharedWithPaperclip ? place.home.path : null,
  });
  const { model, note } = chooseModel(configuredModel, variables, extraArgs);
  const { CLAUDE_ENV_FILE: ownScript, ...environment } = variables;
  const config = { ...input.agent.config, model };
  const invoke = (resume: string | null) => invocation({ ctx, config, provision, resume, wrapper: input.wrapper });
  const first = invoke(resume);
  const fresh = resume === null ? null : { sessionId: resume, ...invoke(null) };
  const files = (spec: RunnerSpec): RunFile[] => [
    ...Object.entries(scripts).map(([path, content]) => ({ path, content })),
    { path: RUN_FILES.prompt, content: first.prompt.text },
    ...(fresh && spec.fresh ? [{ path: spec.fresh.prompt, content: fresh.prompt.text }] : []),
    { path: RUN_FILES.spec, content: JSON.stringify(spec) },
    { path: RUN_FILES.shellSpec, content: shellSpec(spec) },
    ...(provision.systemPrompt !== null && (spec.fresh || !resume)
      ? [{ path: INSTRUCTIONS_FILE, content: provision.systemPrompt }]
      : []),
    environmentScript({ own: ownScript, programs: provision.programs }),
    ...provision.files,
  ];
  const { spec, content } = whatFits([runnerSpec(config, first, fresh), runnerSpec(config, first, null)], (spec) =>
    secretContent(files(spec), environment),
  );
  const said = note === null ? notes : [...notes, note];
  return { environment, aboutTheRun, model, notes: said, prompt: first.prompt, spec, content };
}
