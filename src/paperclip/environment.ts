/**
 * The agent's environment: what Paperclip gives every agent (as its own claude_local adapter does, with the same
 * functions), with the pod's view of paths and addresses. Every value travels in the run's Secret.
 */
import type { AdapterExecutionContext } from "@paperclipai/adapter-utils";
import {
  applyPaperclipWorkspaceEnv,
  buildPaperclipEnv,
  isForbiddenConfigEnvKey,
  isPaperclipRuntimeEnvKey,
  readPaperclipIssueWorkModeFromContext,
  shapePaperclipWorkspaceEnvForExecution,
  stringifyPaperclipWakePayload,
} from "@paperclipai/adapter-utils/server-utils";
import { BROKER_URL, LAUNCHERS } from "./github.ts";
import { addressForPod } from "./mcp.ts";
import { readWake, record, records, text } from "./wake.ts";

export interface EnvironmentInput {
  readonly ctx: Pick<AdapterExecutionContext, "runId" | "agent" | "context" | "authToken">;
  /** `env` of the agent's configuration, secrets already resolved by the host. */
  readonly configured: Readonly<Record<string, string>>;
  /** Variables of Paperclip's own process that the operator hands on. */
  readonly inherited: Readonly<Record<string, string>>;
  readonly apiUrl: string | null;
  /** The agent's working directory in the pod. */
  readonly workingDirectory: string;
  /** A folder of the pod's own for what is thrown away after the run. */
  readonly scratchFolder: string;
  /** True when the pod sees Paperclip's files under Paperclip's paths. */
  readonly sharesPaths: boolean;
}

/**
 * A name the kernel takes in one piece must fit, with its value, in 131,071 bytes (measured: the container then fails
 * with "argument list too long"); such a variable is left out and named.
 */
const MAX_VARIABLE_BYTES = 131_071;

export interface Environment {
  readonly variables: Readonly<Record<string, string>>;
  /** Variables that were left out, each with the reason. */
  readonly notes: readonly string[];
}

export function buildEnvironment(input: EnvironmentInput): Environment {
  const runtime = paperclipVariables(input);
  const variables: Record<string, string> = { ...input.inherited, ...runtime };
  const notes: string[] = [];
  for (const [name, value] of Object.entries(input.configured)) {
    if (isForbiddenConfigEnvKey(name)) continue;
    if (name === "HOME") {
      notes.push("HOME is not set as configured: it is the agent's home volume in the pod");
      continue;
    }
    if (isPaperclipRuntimeEnvKey(name) && name in runtime) continue;
    const seen = seenFromPod(name, value, input);
    if (seen !== null) variables[name] = seen;
  }
  if (input.ctx.authToken) variables.PAPERCLIP_API_KEY = input.ctx.authToken;
  for (const [name, value] of Object.entries(variables)) {
    const reason = unusable(name, value);
    if (!reason) continue;
    delete variables[name];
    notes.push(`${name} is not set in the pod: ${reason}`);
  }
  return { variables, notes };
}

function paperclipVariables(input: EnvironmentInput): Record<string, string> {
  const { ctx } = input;
  const wake = readWake(ctx);
  const env: Record<string, string> = { ...buildPaperclipEnv(ctx.agent), PAPERCLIP_RUN_ID: ctx.runId };
  const set = (name: string, value: string | null | undefined): void => {
    if (value) env[name] = value;
  };
  set("PAPERCLIP_API_URL", input.apiUrl);
  set("PAPERCLIP_TASK_ID", wake.taskId);
  set("PAPERCLIP_ISSUE_WORK_MODE", readPaperclipIssueWorkModeFromContext(ctx.context));
  set("PAPERCLIP_WAKE_REASON", wake.reason);
  set("PAPERCLIP_WAKE_COMMENT_ID", wake.commentId);
  set("PAPERCLIP_APPROVAL_ID", wake.approvalId);
  set("PAPERCLIP_APPROVAL_STATUS", wake.approvalStatus);
  set("PAPERCLIP_LINKED_ISSUE_IDS", wake.linkedIssueIds.join(","));
  set("PAPERCLIP_WAKE_PAYLOAD_JSON", stringifyPaperclipWakePayload(ctx.context.paperclipWake));
  set("PAPERCLIP_RUNTIME_SERVICE_INTENTS_JSON", json(ctx.context.paperclipRuntimeServiceIntents));
  set("PAPERCLIP_RUNTIME_SERVICES_JSON", json(ctx.context.paperclipRuntimeServices));
  set("PAPERCLIP_RUNTIME_PRIMARY_URL", text(ctx.context.paperclipRuntimePrimaryUrl));
  applyWorkspace(env, input);
  return env;
}

function applyWorkspace(env: Record<string, string>, input: EnvironmentInput): void {
  const { workspace } = readWake(input.ctx);
  const shaped = shapePaperclipWorkspaceEnvForExecution({
    workspaceCwd: workspace.cwd,
    workspaceWorktreePath: workspace.worktreePath,
    workspaceHints: [...workspace.hints],
    executionTargetIsRemote: !input.sharesPaths,
    executionCwd: input.workingDirectory,
  });
  applyPaperclipWorkspaceEnv(env, {
    workspaceCwd: shaped.workspaceCwd,
    workspaceSource: workspace.source,
    workspaceStrategy: workspace.strategy,
    workspaceId: workspace.id,
    workspaceRepoUrl: workspace.repoUrl,
    workspaceRepoRef: workspace.repoRef,
    workspaceBranch: workspace.branch,
    workspaceWorktreePath: shaped.workspaceWorktreePath,
    agentHome: input.sharesPaths ? workspace.agentHome : input.workingDirectory,
  });
  if (shaped.workspaceHints.length > 0) env.PAPERCLIP_WORKSPACES_JSON = JSON.stringify(shaped.workspaceHints);
}

const json = (value: unknown): string | null => {
  const entries = records(value);
  return entries.length > 0 ? JSON.stringify(entries) : null;
};

/** The host makes a folder for each run and names it so, TMPDIR where the agent has none of its own (measured). */
const SCRATCH = new Set([
  "PAPERCLIP_SCRATCH_DIR",
  "PAPERCLIP_RUN_SCRATCH_DIR",
  "PAPERCLIP_TASK_SCRATCH_DIR",
  "PAPERCLIP_TMPDIR",
  "TMPDIR",
  "TEMP",
  "TMP",
]);

/** About the host's machine, for a process that runs there. */
const HOSTS = new Set([
  "PAPERCLIP_RUNNER_NETWORK_ROOTS",
  "PAPERCLIP_RUNNER_NETWORK_ACCESS",
  "PAPERCLIP_GITHUB_HOST_HOME",
  LAUNCHERS,
  "PAPERCLIP_GIT_METADATA_ROOTS",
]);

/** Where the host has its own Git and GitHub settings. */
const HOST_PATHS = new Set([
  "GH_CONFIG_DIR",
  "GIT_ASKPASS",
  "GIT_CONFIG_GLOBAL",
  "GIT_CONFIG_SYSTEM",
  "GIT_SSH",
  "SSH_ASKPASS",
  "SSH_AUTH_SOCK",
]);

/**
 * The host adds variables of its own machine to those that the agent's configuration has (measured): a pod that does not
 * see those folders must not be pointed at them. Null for such a one; what the agent set itself stays as it is.
 */
function seenFromPod(name: string, value: string, input: EnvironmentInput): string | null {
  const isOwn = name in record(record(input.ctx.agent.adapterConfig).env);
  const launchers = input.configured[LAUNCHERS];
  if (launchers && value.startsWith(launchers)) {
    // In PATH they come first; behind them is the agent's own, or the host's where it has none.
    return name === "PATH" && isOwn ? value.slice(`${launchers}:`.length) : null;
  }
  if (isOwn) return value;
  if (name === BROKER_URL)
    return addressForPod(value, input.apiUrl, buildPaperclipEnv(input.ctx.agent).PAPERCLIP_API_URL);
  if (SCRATCH.has(name)) return input.scratchFolder;
  if (HOSTS.has(name)) return null;
  if (!HOST_PATHS.has(name) || !value.startsWith("/") || value === "/dev/null") return value;
  const { agentHome } = readWake(input.ctx).workspace;
  return input.sharesPaths && agentHome && value.startsWith(`${agentHome}/`) ? value : null;
}

function unusable(name: string, value: string): string | null {
  if (!/^[-._a-zA-Z0-9]+$/.test(name)) return "a Secret cannot hold a key of that name";
  if (value.includes("\0")) return "its value holds a NUL byte";
  const bytes = Buffer.byteLength(name) + 1 + Buffer.byteLength(value);
  return bytes > MAX_VARIABLE_BYTES ? `it has ${bytes} bytes and the kernel takes ${MAX_VARIABLE_BYTES}` : null;
}
