/**
 * Which Paperclip this is: the label by which its Jobs are told from those of another one, and the secret by which it
 * recognises what it made itself.
 */
import { createHash, createHmac } from "node:crypto";
import { isSame, isSignedWith } from "./agent-jwt.ts";
import { databaseIdentity } from "./database.ts";
import { inPaperclipServer } from "./server.ts";

/** What it signs differs from whatever else Paperclip uses the secret for. */
const KEY_OF = "claude_k8s:objects:";

export class Installation {
  /** A label value: the same in each of its servers, whatever their versions; it reveals nothing. */
  readonly label: string;
  readonly instanceId: string;
  /** Private, so that no log and no JSON of it shows the secret. */
  readonly #secret: string | null;

  /** @param secret with which Paperclip signs its tokens; null = it makes none, or this process is none of its servers */
  constructor(label: string, instanceId: string, secret: string | null) {
    this.label = label;
    this.instanceId = instanceId;
    this.#secret = secret;
  }

  /** Whether it can sign, and tell its own tokens from others. */
  get hasSecret(): boolean {
    return this.#secret !== null;
  }

  /** Null without a secret. */
  sign(text: string): string | null {
    if (this.#secret === null) return null;
    const key = createHmac("sha256", this.#secret).update(`${KEY_OF}${this.label}`).digest();
    return createHmac("sha256", key).update(text).digest("hex");
  }

  hasSigned(text: string, signature: string): boolean {
    const own = this.sign(text);
    return own !== null && isSame(own, signature);
  }

  /** A server of this Paperclip made the token. False without a secret. */
  hasIssued(token: string): boolean {
    return this.#secret !== null && isSignedWith(token, this.#secret, this.instanceId);
  }
}

const LABEL_LENGTH = 16;

/** The database of each environment is looked at once: a disk that fails for a moment is not to change the label. */
const databases = new Map<string, Promise<string | null>>();
const MAX_DATABASES = 100;

/**
 * Never rejects.
 *
 * @param name the operator's own name for it; null = computed from the instance's id and its database
 */
export async function readInstallation(env: NodeJS.ProcessEnv, name: string | null): Promise<Installation> {
  const { instanceId, secret } = environmentOf(env);
  // No other process has the server's database: of a program that calls the adapter itself it may be anybody's.
  const database = name === null && inPaperclipServer(env) ? await databaseOf(env, instanceId) : null;
  return new Installation(name ?? labelOf(instanceId, database), instanceId, secret);
}

/**
 * For an operator's program beside the server, in its pod or on its machine. Null where neither the operator's name for it
 * nor a database here says which Paperclip it is. Never rejects.
 */
export async function readInstallationOnDisk(
  env: NodeJS.ProcessEnv,
  name: string | null,
): Promise<Installation | null> {
  const { instanceId, secret } = environmentOf(env);
  if (name !== null) return new Installation(name, instanceId, secret);
  const database = await databaseOf(env, instanceId);
  return database === null ? null : new Installation(labelOf(instanceId, database), instanceId, secret);
}

/** Another Paperclip than the one that can be told here, by its label: with this environment's secret, if there is one. */
export function installationNamed(env: NodeJS.ProcessEnv, label: string): Installation {
  const { instanceId, secret } = environmentOf(env);
  return new Installation(label, instanceId, secret);
}

function environmentOf(env: NodeJS.ProcessEnv): { readonly instanceId: string; readonly secret: string | null } {
  return {
    instanceId: env.PAPERCLIP_INSTANCE_ID?.trim() || "default",
    secret: env.PAPERCLIP_AGENT_JWT_SECRET?.trim() || env.BETTER_AUTH_SECRET?.trim() || null,
  };
}

/** The formula never changes: with another label the Jobs of the version before would be another Paperclip's. */
export function labelOf(instanceId: string, database: string | null): string {
  const identity = JSON.stringify(["paperclip", instanceId, database]);
  return createHash("sha256").update(identity).digest("hex").slice(0, LABEL_LENGTH);
}

function databaseOf(env: NodeJS.ProcessEnv, instanceId: string): Promise<string | null> {
  const { PAPERCLIP_HOME: home, PAPERCLIP_CONFIG: config, DATABASE_URL: url } = env;
  const key = createHash("sha256")
    .update(JSON.stringify([instanceId, home, config, url]))
    .digest("hex");
  const known = databases.get(key) ?? databaseIdentity(env, instanceId);
  if (databases.size >= MAX_DATABASES) databases.clear();
  databases.set(key, known);
  return known;
}
