/** What the runner starts, with which prompt: for the session that is resumed, and for a fresh one in its place. */

import type { AgentConfig } from "../../config/agent-config.ts";
import { ConfigError } from "../../config/config-error.ts";
import { buildPrompt, type Prompt, type PromptInput } from "../../paperclip/prompt.ts";
import { RUN_FILES, type RunnerSpec } from "../../runner/spec.ts";
import { agentCli } from "../shared/agent-cli.ts";
import type { Provision } from "./provision.ts";

/** What Claude appends to its system prompt. */
export const INSTRUCTIONS_FILE = "instructions.md";

export interface Invocation {
  readonly command: RunnerSpec["command"];
  readonly prompt: Prompt;
}

export interface InvocationInput extends Pick<PromptInput, "ctx"> {
  readonly config: AgentConfig;
  readonly provision: Provision;
  /** The session to resume; null for a fresh one. */
  readonly resume: string | null;
  /** A script of the run's directory, for sh, which is given the command as its arguments and starts it. */
  readonly wrapper: string | undefined;
}

export function invocation({ ctx, config, provision, resume, wrapper }: InvocationInput): Invocation {
  const { systemPrompt, mcpFile, skillsFolder } = provision;
  const claude = agentCli.commandLine({
    command: config.command,
    resume,
    skipPermissions: config.dangerouslySkipPermissions,
    chrome: config.chrome,
    model: config.model,
    effort: config.effort ?? config.thinkingEffort,
    maxTurns: config.maxTurnsPerRun,
    // A resumed session has its instructions already.
    systemPromptFile: resume === null && systemPrompt !== null ? INSTRUCTIONS_FILE : null,
    mcpFile,
    skillsFolder,
    extraArgs: config.extraArgs,
  });
  const command: RunnerSpec["command"] = wrapper === undefined ? claude : ["/bin/sh", { runFile: wrapper }, ...claude];
  return { command, prompt: buildPrompt({ ctx, ...config, resumes: resume !== null }) };
}

export function runnerSpec(
  config: AgentConfig,
  { command }: Invocation,
  fresh: (Invocation & { readonly sessionId: string }) | null,
  goesOn: (Invocation & { readonly file: string }) | null,
  workspace: RunnerSpec["workspace"],
): RunnerSpec {
  return {
    command,
    graceSec: config.graceSec,
    timeoutSec: config.timeoutSec,
    terminalResultGraceMs: config.terminalResultCleanupGraceMs,
    silenceLimitSec: config.silenceLimitSec,
    toolSilenceLimitSec: config.toolSilenceLimitSec,
    ...(goesOn ? { goesOn: { file: goesOn.file, command: goesOn.command, prompt: RUN_FILES.goesOnPrompt } } : {}),
    ...(workspace ? { workspace } : {}),
    ...(fresh ? { fresh: { sessionId: fresh.sessionId, command: fresh.command, prompt: RUN_FILES.freshPrompt } } : {}),
  };
}

/** The first spec whose Secret is small enough: the second one has no prompt but the first. Throws ConfigError. */
export function firstThatFits<T>(
  [spec, smaller]: readonly [RunnerSpec, RunnerSpec],
  contentOf: (spec: RunnerSpec) => T,
): { readonly spec: RunnerSpec; readonly content: T } {
  try {
    return { spec, content: contentOf(spec) };
  } catch (error) {
    if (!(error instanceof ConfigError) || !(spec.fresh || spec.goesOn)) throw error;
    return { spec: smaller, content: contentOf(smaller) };
  }
}
