/** Paperclip's own record of a run: it says whether the run is over, and whether somebody cancelled it. */
import { buildPaperclipEnv } from "@paperclipai/adapter-utils/server-utils";
import { getFromApi } from "./api-get.ts";
import { record, text } from "./wake.ts";

export type RunStatus =
  /** Not over, as far as Paperclip knows; a status that this version does not know counts as alive too. */
  | { readonly kind: "alive"; readonly status: string }
  | {
      readonly kind: "over";
      readonly status: string;
      readonly reported: ReportedOutcome | null;
      /** The run that Paperclip itself continues it with. */
      readonly successor?: string;
    }
  /** Paperclip has no such run. */
  | { readonly kind: "unknown" }
  | Unreadable;

export interface Unreadable {
  readonly kind: "unreadable";
  /** A clause. */
  readonly why: string;
  /** Asking again with the same token is no use. */
  readonly denied: boolean;
  /** Nobody could be asked: there is no address, or no token. */
  readonly notAsked?: true;
  /** Paperclip's word is that the token's agent is terminated: none of its runs goes on. */
  readonly terminated?: true;
}

/** What the adapter of that run put into its result, and Paperclip recorded. */
export interface ReportedOutcome {
  /** Uid of the Job. */
  readonly job: string;
  /** The kind of verdict. */
  readonly verdict: string | null;
}

export type ReadRunStatus = (runId: string, signal?: AbortSignal) => Promise<RunStatus>;

export interface RunStatusOptions {
  /** Address of Paperclip's API as this process reaches it; null = not known, so that every status is unreadable. */
  readonly url: string | null;
  /** The run's own token: it may read the runs of its company. Without one every status is unreadable. */
  readonly token: string | null | undefined;
  /** Milliseconds for one answer. @default 10000 */
  readonly timeoutMs?: number;
}

/** The address that Paperclip gives its agents, which is its own where the operator did not say otherwise. */
export function paperclipUrl(agent: { readonly id: string; readonly companyId: string }): string | null {
  return text(buildPaperclipEnv({ ...agent }).PAPERCLIP_API_URL);
}

const OVER = new Set(["succeeded", "failed", "cancelled", "timed_out", "interrupted"]);

/** False for a status that this version does not know, too. */
export const isOver = (status: string): boolean => OVER.has(status);

/** True for the only two statuses by which somebody wants a run to stop. */
export const isCancelled = (status: string): boolean => status === "cancelled" || status === "cancelling";

/** Never rejects: what cannot be read is a value. */
export function createRunStatusReader({ url, token, timeoutMs = 10_000 }: RunStatusOptions): ReadRunStatus {
  return async (runId, signal) => {
    if (!url) return { ...unreadable("the address of Paperclip's API is not known"), notAsked: true };
    if (!token) return { ...unreadable("this run has no token for Paperclip's API"), notAsked: true };
    const path = `/api/heartbeat-runs/${encodeURIComponent(runId)}`;
    const answer = await getFromApi({ url, path, token, timeoutMs, signal });
    return answer.kind === "failed" ? unreadable(answer.why) : statusFrom(runId, answer.status, answer.body);
  };
}

/** Whether it may be readable in a moment, with nothing changed. */
export const isPassing = ({ denied, notAsked }: Unreadable): boolean => !denied && !notAsked;

/** How Paperclip begins its refusal (401) of a terminated agent's token (2026.916.1). */
const TERMINATED = "Agent is terminated";

function statusFrom(runId: string, httpStatus: number, body: unknown): RunStatus {
  if (httpStatus === 401 && text(record(body).error)?.startsWith(TERMINATED))
    return { ...unreadable("its agent is terminated in Paperclip", true), terminated: true };
  if (httpStatus === 401 || httpStatus === 403)
    return unreadable(`Paperclip does not accept the token (${httpStatus})`, true);
  // The page of a proxy that does not know the path says nothing about the run.
  if (httpStatus === 404 && (body ?? null) !== null) return { kind: "unknown" };
  if (httpStatus !== 200) return unreadable(`Paperclip answered with ${httpStatus}`);
  const run = record(body);
  const status = text(run.status);
  if (status === null || (run.id !== undefined && run.id !== runId))
    return unreadable("the answer is no record of a run");
  if (!isOver(status)) return { kind: "alive", status };
  const result = record(run.resultJson);
  const job = text(record(result.job).uid);
  const successor = text(record(run.execution).successorRunId);
  const reported = job === null ? null : { job, verdict: text(result.verdict) };
  return { kind: "over", status, reported, ...(successor ? { successor } : {}) };
}

const unreadable = (why: string, denied = false): Unreadable => ({ kind: "unreadable", why, denied });
