/**
 * Whether Paperclip has an agent, as proof. That a list does not name it is none: lists leave out terminated agents, and
 * companies that the key may not see; and of an agent in such a company Paperclip says, as of one that it does not have, that
 * it is not found (2026.916.1). So its company is asked for first.
 */
import { type ApiGet, getFromApi } from "./api-get.ts";
import { whyDenied } from "./run-record.ts";
import { record, text } from "./wake.ts";

export interface AgentIds {
  readonly companyId: string;
  readonly agentId: string;
}

export type AgentKnown =
  /** A terminated one, too: its record can be looked at, and so may be its work. */
  | { readonly kind: "known" }
  /** Paperclip has its company, and not the agent. */
  | { readonly kind: "gone" }
  /** `why` is a clause. */
  | { readonly kind: "unclear"; readonly why: string };

/** Never rejects: what cannot be read is a value. */
export type ReadAgentKnown = (ids: AgentIds) => Promise<AgentKnown>;

/** Paperclip gives no other ids; of a word that is none, it looks for an agent of that name. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const TIMEOUT_MS = 10_000;

/** What Paperclip says of an agent that it does not have; of a path that it does not know it answers with a 404 as well (2026.916.1). */
const NOT_FOUND = "Agent not found";

/** Each company is asked for once, and again before one of its agents is told as gone: the key's right may end meanwhile. */
export function agentKnownReader(access: Pick<ApiGet, "url" | "token" | "signal">): ReadAgentKnown {
  const companies = new Map<string, Promise<string | null>>();
  return async ({ companyId, agentId }) => {
    if (!UUID.test(companyId) || !UUID.test(agentId)) return unclear("their ids are none that Paperclip gives");
    const hidden = companies.get(companyId) ?? whyHidden(access, companyId);
    companies.set(companyId, hidden);
    const why = await hidden;
    if (why !== null) return unclear(why);
    const answer = await getFromApi({ ...access, path: `/api/agents/${agentId}`, timeoutMs: TIMEOUT_MS });
    if (answer.kind === "failed") return unclear(answer.why);
    const { status, body } = answer;
    if (status === 200 && text(record(body).id) === agentId) return { kind: "known" };
    if (status !== 404 || text(record(body).error) !== NOT_FOUND) return unclear(whyNot(access, status));
    const still = await whyHidden(access, companyId);
    return still === null ? { kind: "gone" } : unclear(still);
  };
}

/** Null: this Paperclip has the company, and shows it. */
async function whyHidden(access: Pick<ApiGet, "url" | "token" | "signal">, companyId: string): Promise<string | null> {
  const answer = await getFromApi({ ...access, path: `/api/companies/${companyId}`, timeoutMs: TIMEOUT_MS });
  if (answer.kind === "failed") return answer.why;
  const { status, body } = answer;
  if (status === 200 && text(record(body).id) === companyId) return null;
  return status === 404 ? `Paperclip has no company ${companyId}` : whyNot(access, status);
}

const whyNot = ({ token }: Pick<ApiGet, "token">, status: number): string =>
  status === 401 || status === 403 ? whyDenied({ token }, status) : `Paperclip answered with ${status}`;

const unclear = (why: string): AgentKnown => ({ kind: "unclear", why });
