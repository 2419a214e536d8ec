import { lstat } from "node:fs/promises";
import type { AdapterEnvironmentCheck } from "@paperclipai/adapter-utils";
import { ConfigError } from "../../config/config-error.ts";
import { environmentOf } from "../../run/plan/plan.ts";
import { type Check, type CheckContext, info, problem } from "../check.ts";
import { homeOf } from "../home.ts";
import { providerOf } from "../provider.ts";

/** Which credential would Claude Code use? As far as it can be seen without its pod; codes as Paperclip's claude_local has them. */
export const checkCredentials: Check = async (context) => {
  if (context.plan instanceof ConfigError) return [];
  const env = environmentOf(context.plan);
  const { loginNote } = context.plan;
  if (loginNote) return [problem("warn", "claude_subscription_mode_possible", loginNote, SET)];
  return providerOf(env, (name) => sourceOf(context, name)) ?? variableIn(env, context) ?? (await login(env, context));
};

type Env = Readonly<Record<string, string>>;

/** Claude Code takes the first of these that is set, in this order (its documentation, Authentication precedence). */
const VARIABLES: readonly (readonly [name: string, code: string])[] = [
  ["ANTHROPIC_AUTH_TOKEN", "claude_auth_token_configured"],
  ["ANTHROPIC_API_KEY", "claude_anthropic_api_key_overrides_subscription"],
  ["CLAUDE_CODE_OAUTH_TOKEN", "claude_oauth_token_configured"],
];

function variableIn(env: Env, context: CheckContext): AdapterEnvironmentCheck[] | null {
  const [used, ...unused] = VARIABLES.filter(([name]) => env[name]?.trim());
  if (!used) return null;
  const [name, code] = used;
  const message = `Claude Code uses ${name} of ${sourceOf(context, name)}.`;
  if (unused.length === 0) return [info(code, message)];
  const others = unused.map(([other]) => `${other} of ${sourceOf(context, other)}`).join(" and ");
  return [
    problem(
      "warn",
      code,
      `${message} ${others} has no effect beside it.`,
      `Unset ${name} to use the other, or the other to silence this.`,
    ),
  ];
}

function sourceOf({ agent }: CheckContext, name: string): string {
  return agent.config.env[name]?.trim() ? "the agent's environment" : "Paperclip's own environment";
}

const SET =
  "Set ANTHROPIC_API_KEY, or CLAUDE_CODE_OAUTH_TOKEN with a token of `claude setup-token`, in the agent's environment variables or in the environment of Paperclip.";

function sharedLogin(file: string): AdapterEnvironmentCheck {
  const code = "claude_subscription_mode_possible";
  const message = `Claude Code uses the login in ${file}, which all agents of this home share.`;
  const why = "It is renewed by whoever uses it first, and agents that run at the same time may log one another out.";
  return problem("warn", code, message, `${why} CLAUDE_CODE_OAUTH_TOKEN (claude setup-token) is not renewed.`);
}

/** A login of `claude` is a file in the agent's home. Only that it is there is looked at: agents can write it. */
async function login(env: Env, context: CheckContext): Promise<AdapterEnvironmentCheck[]> {
  const none = "No credential for Claude Code is in the agent's environment, nor in Paperclip's own";
  const { kind, claim, path } = homeOf(context);
  if (!claim) return [problem("error", "claude_credentials_missing", `${none}.`, SET)];
  const folder = env.CLAUDE_CONFIG_DIR ?? `${path}/.claude`;
  const unseen = (why: string) =>
    problem(
      "warn",
      "claude_credentials_unseen",
      `${none}; whether a login is in ${folder} cannot be seen: ${why}.`,
      SET,
    );
  const missing = problem("error", "claude_credentials_missing", `${none}, and no login is in ${folder}.`, SET);
  if (kind === "private") return [missing];
  if (kind === "own") return [unseen(`Paperclip does not have claim ${claim.claimName} mounted`)];
  const file = `${folder}/.credentials.json`;
  try {
    if (!(await lstat(file)).isFile()) throw new Error(`${file} is no plain file`);
    return [sharedLogin(file)];
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTDIR") return [unseen(message)];
    return [missing];
  }
}
