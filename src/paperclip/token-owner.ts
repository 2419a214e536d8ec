/** Whose token it is, by Paperclip's own word. */
import { getFromApi } from "./api-get.ts";
import { record, text } from "./wake.ts";

export type TokenOwner =
  | { readonly kind: "agent"; readonly agentId: string; readonly companyId: string | null }
  /** Paperclip does not take it: another one made it, it has expired, or its agent is gone. */
  | { readonly kind: "denied"; readonly why: string }
  | { readonly kind: "unreadable"; readonly why: string };

export type ReadTokenOwner = (token: string, signal?: AbortSignal) => Promise<TokenOwner>;

export interface TokenOwnerOptions {
  /** Address of Paperclip's API as this process reaches it; null = not known. */
  readonly url: string | null;
  /** Milliseconds for one answer. @default 10000 */
  readonly timeoutMs?: number;
}

/** Never rejects: what cannot be read is a value. */
export function createTokenOwnerReader({ url, timeoutMs = 10_000 }: TokenOwnerOptions): ReadTokenOwner {
  return async (token, signal) => {
    if (!url) return { kind: "unreadable", why: "the address of Paperclip's API is not known" };
    const answer = await getFromApi({ url, path: "/api/agents/me", token, timeoutMs, signal });
    if (answer.kind === "failed") return { kind: "unreadable", why: answer.why };
    const { status, body } = answer;
    if (status === 401 || status === 403) return { kind: "denied", why: `Paperclip does not accept it (${status})` };
    const agentId = text(record(body).id);
    if (status !== 200 || agentId === null) return { kind: "unreadable", why: `Paperclip answered with ${status}` };
    return { kind: "agent", agentId, companyId: text(record(body).companyId) };
  };
}
