/** Which variables of Paperclip's own process a pod receives. */
import {
  AWS_VARIABLES,
  AZURE_VARIABLES,
  GOOGLE_PATH_VARIABLES,
  GOOGLE_VARIABLES,
  MODEL_VARIABLES,
  PATH_VARIABLES,
  TELEMETRY_VARIABLES,
} from "./model-variables.ts";
import type { OperatorSettings } from "./operator.ts";
import { reachesAmazon, reachesFoundry, reachesVertex } from "./provider.ts";

export interface InheritedEnvironment {
  readonly variables: Readonly<Record<string, string>>;
  /** Files and folders of Paperclip's machine: for a pod that sees them under the same path. */
  readonly paths: Readonly<Record<string, string>>;
}

/** What a pattern does not hand on, and an exact name does: a session of Claude Code's, and what signs and stores for Paperclip. */
const ONLY_BY_NAME = [
  /^CLAUDECODE$/,
  /^CLAUDE_CODE_(ENTRYPOINT|EXECPATH|TMPDIR|SSE_PORT|CHILD_SESSION|PARENT_SESSION|SESSIONS?)($|_)/,
  /^CLAUDE_CODE_(REMOTE|BRIDGE|SHELL|SUBPROCESS_ENV_SCRUB|OAUTH_REFRESH_TOKEN|TMUX)($|_)/,
  /_FILE_DESCRIPTOR$/,
  /^(DATABASE_URL|BETTER_AUTH_SECRET)$/,
  /^PAPERCLIP_.*(SECRET|KEY|TOKEN|PASSWORD|DATABASE)/,
];

export function inheritedEnvironment(env: NodeJS.ProcessEnv, { inheritEnv }: OperatorSettings): InheritedEnvironment {
  const added = inheritEnv.filter((pattern) => !pattern.startsWith("-"));
  const removed = inheritEnv.filter((pattern) => pattern.startsWith("-")).map((pattern) => pattern.slice(1).trim());
  const names = [...variablesFor(env), ...added];
  const paths = [...PATH_VARIABLES, ...(reachesVertex(env) ? GOOGLE_PATH_VARIABLES : [])];
  const entries = Object.entries(env).filter(
    (entry): entry is [string, string] => Boolean(entry[1]) && !removed.some((pattern) => matches(pattern, entry[0])),
  );
  const isVariable = (name: string): boolean => names.some((pattern) => handsOn(pattern, name));
  return {
    variables: Object.fromEntries(entries.filter(([name]) => isVariable(name))),
    paths: Object.fromEntries(entries.filter(([name]) => paths.includes(name) && !isVariable(name))),
  };
}

function variablesFor(env: NodeJS.ProcessEnv): string[] {
  return [
    ...MODEL_VARIABLES,
    ...(env.CLAUDE_CODE_ENABLE_TELEMETRY ? TELEMETRY_VARIABLES : []),
    ...(reachesAmazon(env) ? AWS_VARIABLES : []),
    ...(reachesVertex(env) ? GOOGLE_VARIABLES : []),
    ...(reachesFoundry(env) ? AZURE_VARIABLES : []),
  ];
}

const handsOn = (pattern: string, name: string): boolean =>
  matches(pattern, name) && (pattern === name || !ONLY_BY_NAME.some((reserved) => reserved.test(name)));

const matches = (pattern: string, name: string): boolean =>
  pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
