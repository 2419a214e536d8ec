/** What the agent gets, by the run's Secret and by those that it shares: environment, prompt, instructions, and what the runner is to start. */
import { chooseModel } from "../../config/models/choose-model.ts";
import { buildEnvironment } from "../../paperclip/environment.ts";
import type { Prompt } from "../../paperclip/prompt.ts";
import { LEFT_SESSION, RUN_FILES, type RunnerSpec, shellSpec } from "../../runner/spec.ts";
import { jobName } from "../shared/names.ts";
import { AUTHORITY_VARIABLES, type Authorities, authorities } from "./authorities.ts";
import type { Bundle } from "./bundles/bundle.ts";
import { share } from "./bundles/share.ts";
import type { Checkout } from "./checkout/checkout.ts";
import { gitVariables } from "./checkout/git-variables.ts";
import { environmentScript } from "./environment-script.ts";
import { loginVariables, NO_LOGIN } from "./home/login.ts";
import { SCRATCH, seenFolders } from "./home.ts";
import { firstThatFits, INSTRUCTIONS_FILE, invocation, runnerSpec } from "./invocation.ts";
import type { PlanInput } from "./plan-input.ts";
import type { Provision } from "./provision.ts";
import { type RunFile, type SecretContent, secretContent } from "./secret.ts";
import type { Workplace } from "./workplace.ts";

export interface AgentInput {
  readonly environment: Readonly<Record<string, string>>;
  /** Names of the variables that Paperclip sets for the run. */
  readonly aboutTheRun: ReadonlySet<string>;
  readonly model: string | null;
  /** What the agent gets of a login in Paperclip's home, in words; null when that is of no matter. */
  readonly loginNote: string | null;
  readonly prompt: Prompt;
  readonly spec: RunnerSpec;
  /** Of the run's own Secret. */
  readonly content: SecretContent;
  /** What other runs of the company may have too. */
  readonly bundles: readonly Bundle[];
  readonly authorities: Authorities;
  /** Sentences on what of the environment was left out or changed. */
  readonly notes: readonly string[];
}

/** Throws ConfigError when it does not fit into a Secret. `resume`: the session to resume; null for a fresh one. */
export function agentInput(
  input: PlanInput,
  provision: Provision,
  resume: string | null,
  workplace: Workplace,
  checkout: Checkout,
): AgentInput {
  const { ctx, scripts } = input;
  const { env, model: configuredModel, extraArgs } = input.agent.config;
  const trusted = authoritiesOf(input);
  const {
    variables: built,
    notes,
    aboutTheRun,
  } = buildEnvironment({
    ctx,
    configured: env,
    inherited: input.inherited.variables,
    inheritedPaths: pathsBeside(trusted, input.inherited.paths),
    apiUrl: input.operator.apiUrl,
    paperclipsIp: input.hostPod?.ip ?? null,
    workspaceCwd: workplace.workspaceCwd,
    workingDirectory: workplace.cwd,
    ownDirectory: workplace.ownDirectory,
    scratchFolder: SCRATCH,
    seen: seenFolders(workplace.home),
  });
  const isPrivate = workplace.home.kind === "private" || workplace.home.kind === "workspace";
  const login = loginVariables(isPrivate && input.disk ? input.disk.login : NO_LOGIN, built);
  const variables = { ...built, ...login.variables, ...gitVariables(checkout.settings, built) };
  const { model, note } = chooseModel(configuredModel, variables, extraArgs);
  const { CLAUDE_ENV_FILE: ownScript, ...environment } = variables;
  const config = { ...input.agent.config, model };
  const invoke = (session: string | null) =>
    invocation({ ctx, config, provision, resume: session, wrapper: input.wrapper });
  const first = invoke(resume);
  const fresh = resume === null ? null : { sessionId: resume, ...invoke(null) };
  const file = queuedSessionFile(input, workplace);
  const goesOn = file === null ? null : { file, ...invoke(LEFT_SESSION) };
  const prompts = { first: first.prompt, fresh: fresh?.prompt ?? null, goesOn: goesOn?.prompt ?? null };
  const files = (spec: RunnerSpec): RunFile[] => [
    ...Object.entries(scripts).map(([path, content]) => ({ path, content, layer: "runner" as const })),
    ...filesOf(spec, prompts, spec.fresh || !resume ? provision.systemPrompt : null),
    environmentScript({ own: ownScript, makes: agentHomeToMake(workplace, variables), programs: provision.programs }),
    ...provision.files,
    ...trusted.files,
    ...checkout.files,
  ];
  const specOf = (instead: typeof fresh, further: typeof goesOn): RunnerSpec =>
    runnerSpec(config, first, instead, further, checkout.spec);
  const { spec, content } = firstThatFits([specOf(fresh, goesOn), specOf(null, null)], (spec) => {
    const { own, bundles } = share(files(spec), input.installation, ctx.agent.companyId);
    return { own: secretContent(own, environment), bundles };
  });
  const allNotes = [...notes, ...[note, login.note].filter((each) => each !== null)];
  return {
    environment,
    aboutTheRun,
    model,
    loginNote: login.note,
    notes: allNotes,
    prompt: first.prompt,
    spec,
    content: content.own,
    bundles: content.bundles,
    authorities: trusted,
  };
}

interface Prompts {
  readonly first: Prompt;
  readonly fresh: Prompt | null;
  readonly goesOn: Prompt | null;
}

/** Before the prompt of a session that goes on in the middle of a turn. */
const GOES_ON =
  "Your process was ended in the middle of this work, because the cluster needed its place, and runs again now. Look at what is done already, and go on from there. What you were asked:\n\n";

/** Where a pod of a queue leaves its session for the next one; null: it has no queue, or no home that outlives it. */
function queuedSessionFile({ agent, ctx }: PlanInput, { home }: Workplace): string | null {
  if (agent.config.queue === null || home.identity === null) return null;
  return [".claude-k8s", "sessions", jobName(ctx.agent.id, ctx.runId)].join("/");
}

/** Of an agent that works in it, the runner makes it. */
const agentHomeToMake = ({ ownDirectory, cwd }: Workplace, { AGENT_HOME }: Readonly<Record<string, string>>) =>
  AGENT_HOME === ownDirectory && cwd !== ownDirectory ? ownDirectory : null;

/** What the runner starts, and what Claude Code is given with it. */
const filesOf = (spec: RunnerSpec, prompts: Prompts, instructions: string | null): RunFile[] => [
  { path: RUN_FILES.prompt, content: prompts.first.text },
  ...(prompts.fresh && spec.fresh ? [{ path: spec.fresh.prompt, content: prompts.fresh.text }] : []),
  ...(prompts.goesOn && spec.goesOn ? [{ path: spec.goesOn.prompt, content: GOES_ON + prompts.goesOn.text }] : []),
  { path: RUN_FILES.spec, content: JSON.stringify(spec) },
  { path: RUN_FILES.shellSpec, content: shellSpec(spec) },
  ...(instructions === null
    ? []
    : [{ path: INSTRUCTIONS_FILE, content: instructions, layer: "instructions" as const }]),
];

/** The agent's, else those of Paperclip's own process. */
const authoritiesOf = ({ agent, authorities: own }: PlanInput): Authorities =>
  authorities(agent.config.caBundle ?? own ?? null);

/** The runner's file holds what those variables name. */
function pathsBeside({ variables }: Authorities, paths: Readonly<Record<string, string>>) {
  const others = Object.entries(paths).filter(([name]) => !AUTHORITY_VARIABLES.includes(name));
  return variables.length === 0 ? paths : Object.fromEntries(others);
}
