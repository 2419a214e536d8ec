/**
 * The token that Paperclip gives to a run: a JWT (HS256). Its claims are read here without trust, and its signature is
 * checked with Paperclip's own secret, which is in the environment of its server (measured on 2026.916.1).
 */
import { createHmac, timingSafeEqual } from "node:crypto";

export interface TokenClaims {
  readonly agentId: string;
  readonly companyId: string;
  /** The run that the token was made for. */
  readonly runId: string;
  readonly adapterType: string | null;
  /** PAPERCLIP_INSTANCE_ID of the server that made it; null = an older version made it. */
  readonly instanceId: string | null;
}

/** Characters: a token has some hundred. */
const MAX_TOKEN = 16_384;

/** Whatever anybody wrote into it; null when it is no such token. */
export function readClaims(token: string): TokenClaims | null {
  const [, payload, , ...more] = token.length > MAX_TOKEN ? [] : token.split(".");
  if (payload === undefined || more.length > 0) return null;
  try {
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<string, unknown>;
    const text = (name: string): string | null => {
      const value = claims[name];
      return typeof value === "string" && value !== "" ? value : null;
    };
    const [agentId, companyId, runId] = [text("sub"), text("company_id"), text("run_id")];
    if (agentId === null || companyId === null || runId === null) return null;
    return { agentId, companyId, runId, adapterType: text("adapter_type"), instanceId: text("instance_id") };
  } catch {
    return null;
  }
}

/**
 * True when a server with this secret and instance id made the token. Its age does not matter: a Job outlives the 48 hours
 * for which Paperclip takes its token.
 */
export function isSignedWith(token: string, secret: string, instanceId: string): boolean {
  const claims = readClaims(token);
  const [header = "", payload = "", signature = ""] = token.split(".");
  if (!claims || algorithmOf(header) !== "HS256") return false;
  // The key is the company's and the instance's; versions before signed with the secret itself.
  const ofCompany = createHmac("sha256", secret).update(`jwt:${instanceId}:${claims.companyId}`).digest("hex");
  return [ofCompany, secret].some((key) =>
    isSame(signature, createHmac("sha256", key).update(`${header}.${payload}`).digest("base64url")),
  );
}

function algorithmOf(header: string): unknown {
  try {
    return (JSON.parse(Buffer.from(header, "base64url").toString()) as { alg?: unknown } | null)?.alg;
  } catch {
    return null;
  }
}

/** In a time that does not depend on where they differ. */
export function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
