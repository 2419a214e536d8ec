/** The statuses of a company's newest runs, in one request. */
import { getFromApi } from "./api-get.ts";
import { record, text } from "./wake.ts";

export type RunList =
  /** Status by run id. A run that is not there is older than the page, or Paperclip does not know it. */
  | { readonly kind: "listed"; readonly statuses: ReadonlyMap<string, string> }
  /** Paperclip does not let this token read it. */
  | { readonly kind: "denied"; readonly why: string }
  /** This Paperclip has no such list. */
  | { readonly kind: "absent" }
  /** Paperclip is away, or broken at the moment. */
  | { readonly kind: "unreadable"; readonly why: string };

export interface RunListRequest {
  /** Address of Paperclip's API as this process reaches it. */
  readonly url: string;
  readonly companyId: string;
  /** Token of any run of the company. */
  readonly token: string;
  /** Runs in the answer, newest first. Paperclip gives 1000 at most (2026.916.1). */
  readonly limit: number;
  /** Milliseconds for the answer. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Never rejects: what cannot be read is a value. */
export async function listRuns(request: RunListRequest): Promise<RunList> {
  const { companyId, limit, ...rest } = request;
  // `summary`: without results and usage. Measured on 2026.916.1: about 1.2 KB a run, and any agent's token of the company
  // may read it; one run's own record is 8 KB.
  const path = `/api/companies/${encodeURIComponent(companyId)}/heartbeat-runs?summary=true&limit=${limit}`;
  const answer = await getFromApi({ ...rest, path });
  if (answer.kind === "failed") return { kind: "unreadable", why: answer.why };
  const { status, body } = answer;
  if (status === 401 || status === 403)
    return { kind: "denied", why: `Paperclip does not accept the token (${status})` };
  if (status === 404 || status === 405) return { kind: "absent" };
  if (status !== 200) return { kind: "unreadable", why: `Paperclip answered with ${status}` };
  if (!Array.isArray(body)) return { kind: "absent" };
  const rows = body.map((row) => [text(record(row).id), text(record(row).status)] as const);
  const known = rows.filter((row): row is [string, string] => row[0] !== null && row[1] !== null);
  return { kind: "listed", statuses: new Map(known) };
}
