/**
 * The agent's environment: what Paperclip gives every agent (as its own claude_local adapter does, with the same
 * functions), with the pod's view of paths and addresses. Every value travels in the run's Secret.
 */
import type { AdapterExecutionContext } from "@paperclipai/adapter-utils";
import {
  buildPaperclipEnv,
  isForbiddenConfigEnvKey,
  isPaperclipRuntimeEnvKey,
  readPaperclipIssueWorkModeFromContext,
  rewriteWorkspaceCwdEnvVarsForExecution,
  stringifyPaperclipWakePayload,
} from "@paperclipai/adapter-utils/server-utils";
import { withAgentHeader } from "./agent-header.ts";
import { BROKER_URL, LAUNCHERS } from "./github.ts";
import { type HostView, seenFromPod } from "./host-variables.ts";
import { addressForPod } from "./mcp.ts";
import { exceptFromProxy } from "./no-proxy.ts";
import { isBelow } from "./paths.ts";
import { servicesForPod } from "./runtime-services.ts";
import { readWake, record, records, text } from "./wake.ts";
import { isElsewhere, isSeen, type PodView, workspaceVariables } from "./workspace-variables.ts";

export interface EnvironmentInput extends PodView {
  readonly ctx: Pick<AdapterExecutionContext, "runId" | "agent" | "context" | "authToken">;
  /** `env` of the agent's configuration, secrets already resolved by the host. */
  readonly configured: Readonly<Record<string, string>>;
  /** Variables of Paperclip's own process that the operator hands on. */
  readonly inherited: Readonly<Record<string, string>>;
  /** Such variables that name a file or folder of Paperclip's machine. */
  readonly inheritedPaths: Readonly<Record<string, string>>;
  readonly apiUrl: string | null;
  /** The address of Paperclip's own pod; null = it is in none that is known. @default null */
  readonly paperclipsIp?: string | null;
  /** A folder of the pod's own for what is thrown away after the run. */
  readonly scratchFolder: string;
}

/**
 * A name the kernel takes in one piece must fit, with its value, in 131,071 bytes (measured: the container then fails
 * with "argument list too long"); such a variable is left out and named.
 */
const MAX_VARIABLE_BYTES = 131_071;

export interface Environment {
  readonly variables: Readonly<Record<string, string>>;
  /** Variables that were left out or changed, each with the reason. */
  readonly notes: readonly string[];
}

export interface AgentEnvironment extends Environment {
  /** Names of what Paperclip itself says about the run: ids, addresses, the wake-up. */
  readonly aboutTheRun: ReadonlySet<string>;
}

export function buildEnvironment(input: EnvironmentInput): AgentEnvironment {
  const runtime = paperclipVariables(input);
  const inherited = inheritedVariables(input);
  const configured = configuredVariables(input, runtime.variables);
  const variables: Record<string, string> = {
    ...inherited.variables,
    ...runtime.variables,
    ...configured.variables,
  };
  if (input.ctx.authToken) variables.PAPERCLIP_API_KEY = input.ctx.authToken;
  const headers = withAgentHeader(variables.ANTHROPIC_CUSTOM_HEADERS, input.ctx.agent.id);
  if (headers) variables.ANTHROPIC_CUSTOM_HEADERS = headers;
  Object.assign(variables, exceptFromProxy(variables, variables.PAPERCLIP_API_URL));
  const notes = [...inherited.notes, ...runtime.notes, ...configured.notes];
  for (const [name, value] of Object.entries(variables)) {
    const reason = unusable(name, value);
    if (!reason) continue;
    delete variables[name];
    notes.push(`${name} is not set in the pod: ${reason}`);
  }
  const about = Object.keys(runtime.variables).filter((name) => !Object.hasOwn(configured.variables, name));
  return { variables, notes, aboutTheRun: new Set(about) };
}

function inheritedVariables(input: EnvironmentInput): Environment {
  const variables = { ...input.inherited };
  const notes: string[] = [];
  for (const [name, path] of Object.entries(input.inheritedPaths)) {
    if (isSeen(path, input)) variables[name] = path;
    else if (!(name in input.configured))
      notes.push(`${name} of Paperclip's own process is not set in the pod, which does not see ${path}`);
  }
  return { variables, notes };
}

/** What the agent's configuration sets; never what Paperclip itself has set for the run. */
function configuredVariables(input: EnvironmentInput, runtime: Readonly<Record<string, string>>): Environment {
  const variables: Record<string, string> = {};
  const notes: string[] = [];
  const { agent } = input.ctx;
  const { agentHome } = readWake(input.ctx).workspace;
  const own = record(record(agent.adapterConfig).env);
  const view: HostView = {
    scratchFolder: input.scratchFolder,
    launchers: input.configured[LAUNCHERS],
    isOwn: (name) => Object.hasOwn(own, name),
    isInAgentsHome: (path) => agentHome !== null && isSeen(agentHome, input) && isBelow(path, agentHome),
  };
  const shaped = rewriteWorkspaceCwdEnvVarsForExecution({
    env: { ...input.configured },
    workspaceCwd: input.workspaceCwd,
    executionCwd: input.workingDirectory,
    executionTargetIsRemote: isElsewhere(input),
  });
  for (const [name, value] of Object.entries(shaped)) {
    if (isForbiddenConfigEnvKey(name)) continue;
    if (name === "HOME") {
      notes.push("HOME is not set as configured: it is the agent's home volume in the pod");
      continue;
    }
    if (isPaperclipRuntimeEnvKey(name) && name in runtime) continue;
    const seen = seenFromPod(name, value, view);
    if (seen === null) continue;
    const isBroker = name === BROKER_URL && !view.isOwn(name);
    variables[name] = isBroker ? addressForPod(seen, input.apiUrl, buildPaperclipEnv(agent).PAPERCLIP_API_URL) : seen;
  }
  return { variables, notes };
}

function paperclipVariables(input: EnvironmentInput): Environment {
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
  set("PAPERCLIP_RUNTIME_SERVICE_INTENTS_JSON", json(records(ctx.context.paperclipRuntimeServiceIntents)));
  const services = servicesForPod(
    records(ctx.context.paperclipRuntimeServices),
    text(ctx.context.paperclipRuntimePrimaryUrl),
    { ip: input.paperclipsIp ?? null, apiUrl: env.PAPERCLIP_API_URL ?? null },
  );
  set("PAPERCLIP_RUNTIME_SERVICES_JSON", json(services.services));
  set("PAPERCLIP_RUNTIME_PRIMARY_URL", services.primaryUrl);
  return { variables: { ...env, ...workspaceVariables(wake.workspace, input) }, notes: services.notes };
}

const json = (entries: readonly Record<string, unknown>[]): string | null =>
  entries.length > 0 ? JSON.stringify(entries) : null;

function unusable(name: string, value: string): string | null {
  if (!/^[-._a-zA-Z0-9]+$/.test(name)) return "a Secret cannot hold a key of that name";
  if (value.includes("\0")) return "its value holds a NUL byte";
  const bytes = Buffer.byteLength(name) + 1 + Buffer.byteLength(value);
  return bytes > MAX_VARIABLE_BYTES ? `it has ${bytes} bytes and the kernel takes ${MAX_VARIABLE_BYTES}` : null;
}
