/** Paperclip's own record of a run: who else could say whether a run is over, or that somebody cancelled it? */
import { buildPaperclipEnv } from "@paperclipai/adapter-utils/server-utils";
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
  /** `denied`: asking again with the same token is no use. */
  | { readonly kind: "unreadable"; readonly why: string; readonly denied: boolean };

/** What the adapter of that run put into its result, and Paperclip recorded. */
export interface ReportedOutcome {
  /** Uid of the Job. */
  readonly job: string;
  /** The kind of verdict. */
  readonly verdict: string | null;
}

export type ReadRunStatus = (runId: string, signal?: AbortSignal) => Promise<RunStatus>;

export interface RunStatusOptions {
  /** Address of Paperclip's API as this process reaches it. */
  readonly url: string | null;
  /** The run's own token: it may read runs of its company. */
  readonly token: string | null | undefined;
  /** Milliseconds for one answer. @default 10000 */
  readonly timeoutMs?: number;
}

/** The address that Paperclip gives its agents, which is its own where the operator did not say otherwise. */
export function paperclipUrl(agent: { readonly id: string; readonly companyId: string }): string | null {
  return text(buildPaperclipEnv({ ...agent }).PAPERCLIP_API_URL);
}

const OVER = new Set(["succeeded", "failed", "cancelled", "timed_out", "interrupted"]);
/** A record holds the whole result and the context of a run. */
const MAX_BYTES = 8 * 1024 * 1024;

/** Never rejects: what cannot be read is a value. */
export function createRunStatusReader({ url, token, timeoutMs = 10_000 }: RunStatusOptions): ReadRunStatus {
  return async (runId, signal) => {
    if (!url) return unreadable("the address of Paperclip's API is not known");
    if (!token) return unreadable("this run has no token for Paperclip's API");
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(new URL(`/api/heartbeat-runs/${encodeURIComponent(runId)}`, url), {
        headers: { authorization: `Bearer ${token}`, accept: "application/json" },
        signal: signal ? AbortSignal.any([timeout, signal]) : timeout,
        // A redirect would lead the token elsewhere.
        redirect: "manual",
      });
      return await understand(runId, response);
    } catch (error) {
      if (timeout.aborted) return unreadable(`no answer within ${timeoutMs / 1000} s`);
      return unreadable(reasonOf(error));
    }
  };
}

async function understand(runId: string, response: Response): Promise<RunStatus> {
  const { status } = response;
  const body = await readBounded(response);
  if (status === 401 || status === 403) return unreadable(`Paperclip does not accept the token (${status})`, true);
  // A proxy's page for an unknown path is no word of Paperclip's.
  if (status === 404 && isJson(body)) return { kind: "unknown" };
  if (status !== 200) return unreadable(`Paperclip answered with ${status}`);
  const run = record(parse(body));
  const word = text(run.status);
  if (word === null || (run.id !== undefined && run.id !== runId))
    return unreadable("the answer is no record of a run");
  if (!OVER.has(word)) return { kind: "alive", status: word };
  const result = record(run.resultJson);
  const job = text(record(result.job).uid);
  const successor = text(record(run.execution).successorRunId);
  const reported = job === null ? null : { job, verdict: text(result.verdict) };
  return { kind: "over", status: word, reported, ...(successor ? { successor } : {}) };
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new Error(`the answer is longer than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

const isJson = (body: string): boolean => parse(body) !== null;

const unreadable = (why: string, denied = false): RunStatus => ({ kind: "unreadable", why, denied });

/** fetch hides what happened in `cause`. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error)
    return "code" in cause ? `${cause.message || "no connection"} (${cause.code})` : cause.message;
  return error instanceof Error ? error.message : String(error);
}
