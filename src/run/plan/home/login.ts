/**
 * The login in Paperclip's home, for agents that do not see it there. Its refresh token serves once, so that it stays where
 * it is: a second home with it would end the login of the first. A run gets the access token alone.
 */
import { realpath } from "node:fs/promises";
import { posix } from "node:path";
import { reachesOtherProvider } from "../../../config/provider.ts";
import { readGuardedText } from "../../../files/guarded-file.ts";
import { record, text } from "../../../paperclip/wake.ts";

export type Login =
  | { readonly kind: "none" }
  | { readonly kind: "valid"; readonly file: string; readonly accessToken: string; readonly until: number }
  | { readonly kind: "expired"; readonly file: string };

export const NO_LOGIN: Login = { kind: "none" };

const FILE = ".claude/.credentials.json";
const MAX_BYTES = 64 * 1024;
/** Milliseconds before its end from which on a token is of no use to a run that begins. */
const MARGIN_MS = 10 * 60_000;

/** Without a login Claude Code takes the credential from one of these. */
const CREDENTIALS = ["ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN"];

/** @param own the agent's home, as Paperclip sees it: a login in it is the agent's own, and Claude Code finds it */
export async function readLogin(paperclipHome: string, own: string, now: number): Promise<Login> {
  const [login, ownLogin] = await Promise.all([readOauth(paperclipHome), readOauth(own)]);
  if (login === null || ownLogin !== null) return NO_LOGIN;
  const file = posix.join(paperclipHome, FILE);
  const { accessToken, expiresAt: until } = login;
  return until - now < MARGIN_MS ? { kind: "expired", file } : { kind: "valid", file, accessToken, until };
}

async function readOauth(home: string): Promise<{ readonly accessToken: string; readonly expiresAt: number } | null> {
  try {
    const guard = { maxBytes: MAX_BYTES, links: false, below: await realpath(home) };
    const oauth = record(record(JSON.parse(await readGuardedText(posix.join(home, FILE), guard))).claudeAiOauth);
    const accessToken = text(oauth.accessToken);
    return accessToken && typeof oauth.expiresAt === "number" ? { accessToken, expiresAt: oauth.expiresAt } : null;
  } catch {
    // None, or none that Claude Code could read.
    return null;
  }
}

export interface LoginVariables {
  readonly variables: Readonly<Record<string, string>>;
  readonly note: string | null;
}

const INSTEAD =
  "CLAUDE_CODE_OAUTH_TOKEN with a token of `claude setup-token` lasts a year and serves any number of pods.";

/** What a run is given of it: nothing where it has another credential. Pure. */
export function loginVariables(login: Login, variables: Readonly<Record<string, string>>): LoginVariables {
  const hasOther = CREDENTIALS.some((name) => variables[name]?.trim()) || reachesOtherProvider(variables);
  if (hasOther || login.kind === "none") return { variables: {}, note: null };
  if (login.kind === "expired") {
    const note = `The login in ${login.file} has expired and is not given to the agent: from a private home it is not renewed. ${INSTEAD}`;
    return { variables: {}, note };
  }
  const until = new Date(login.until).toISOString();
  const note = `The agent gets the access token of the login in ${login.file}, which is valid until ${until}; only Claude Code in Paperclip's own pod renews it. ${INSTEAD}`;
  return { variables: { CLAUDE_CODE_OAUTH_TOKEN: login.accessToken }, note };
}
