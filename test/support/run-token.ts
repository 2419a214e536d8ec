/** Tokens as Paperclip's server gives them to its runs (2026.916.1): signed for the company, by its instance. */
import { createHmac } from "node:crypto";

/** Of a Paperclip that a test makes up. */
export const TOKEN_SECRET = "a-secret-of-tests-alone-0123456789";

export interface TokenFor {
  readonly agentId: string;
  readonly companyId: string;
  readonly runId: string;
}

export interface Minting {
  /** @default TOKEN_SECRET */
  readonly secret?: string;
  /** @default "default" */
  readonly instanceId?: string;
  /** Added to the claims, or in place of them. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** As Paperclip did before it had keys of a company. @default false */
  readonly withoutCompany?: boolean;
}

export function mintToken({ agentId, companyId, runId }: TokenFor, minting: Minting = {}): string {
  const { secret = TOKEN_SECRET, instanceId = "default", claims = {}, withoutCompany = false } = minting;
  const iat = Math.floor(Date.now() / 1000);
  const payload = encode({
    sub: agentId,
    company_id: companyId,
    adapter_type: "claude_k8s",
    run_id: runId,
    responsible_user_id: null,
    iat,
    exp: iat + 48 * 3600,
    iss: "paperclip",
    aud: "paperclip-api",
    instance_id: instanceId,
    ...claims,
  });
  const signed = `${encode({ alg: "HS256", typ: "JWT" })}.${payload}`;
  const key = createHmac("sha256", secret).update(`jwt:${instanceId}:${companyId}`).digest("hex");
  const signature = createHmac("sha256", withoutCompany ? secret : key)
    .update(signed)
    .digest("base64url");
  return `${signed}.${signature}`;
}

/** Whose it says that it is, when that Paperclip signed it; null otherwise. */
export function ownerOf(token: string): { readonly id: string; readonly companyId: string } | null {
  const [header, payload = "", signature] = token.split(".");
  try {
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<string, string>;
    const key = createHmac("sha256", TOKEN_SECRET).update(`jwt:default:${claims.company_id}`).digest("hex");
    const own = createHmac("sha256", key).update(`${header}.${payload}`).digest("base64url");
    return own === signature ? { id: claims.sub ?? "", companyId: claims.company_id ?? "" } : null;
  } catch {
    return null;
  }
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
