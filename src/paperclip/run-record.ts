/** The whole record of a run, and its Stop, as a person asks for them: with a board's key, or none where Paperclip asks for none. */
import { type ApiGet, getFromApi, postToApi } from "./api-get.ts";
import { record, text } from "./wake.ts";

export type RunRecord =
  | {
      readonly kind: "found";
      readonly status: string;
      /** Not over, as far as Paperclip knows. */
      readonly isAlive: boolean;
      readonly errorCode: string | null;
      /** What the adapter of that run reported, if anything. */
      readonly sentence: string | null;
      readonly evidence: readonly string[];
      readonly fix: string | null;
      /** Uid of its Job. */
      readonly job: string | null;
    }
  | { readonly kind: "unknown" }
  /** `denied`: with this key. */
  | { readonly kind: "unreadable"; readonly why: string; readonly denied: boolean };

const ALIVE = new Set(["queued", "scheduled_retry", "running"]);

type Access = Pick<ApiGet, "url" | "token" | "signal">;

/** Never rejects: what cannot be read is a value. */
export async function readRunRecord(access: Access, runId: string): Promise<RunRecord> {
  const path = `/api/heartbeat-runs/${encodeURIComponent(runId)}`;
  const answer = await getFromApi({ ...access, path, timeoutMs: 10_000 });
  if (answer.kind === "failed") return { kind: "unreadable", why: answer.why, denied: false };
  if (answer.status === 401 || answer.status === 403)
    return { kind: "unreadable", why: whyDenied(access, answer.status), denied: true };
  if (answer.status === 404) return { kind: "unknown" };
  const run = record(answer.body);
  const status = text(run.status);
  if (answer.status !== 200 || status === null)
    return { kind: "unreadable", why: `Paperclip answered with ${answer.status}`, denied: false };
  const result = record(run.resultJson);
  const evidence = Array.isArray(result.evidence) ? result.evidence.filter((line) => typeof line === "string") : [];
  return {
    kind: "found",
    status,
    isAlive: ALIVE.has(status),
    errorCode: text(run.errorCode),
    sentence: text(result.sentence) ?? text(run.error),
    evidence,
    fix: text(result.fix),
    job: text(record(result.job).uid),
  };
}

export type CancelAnswer =
  | { readonly kind: "accepted" }
  /** The record says so, and nobody could confirm that the agent has stopped (409). */
  | { readonly kind: "unconfirmed" }
  | { readonly kind: "refused"; readonly why: string };

/** Milliseconds: Paperclip answers when the run has returned, or after 60 s (2026.916.1). */
const CANCEL_MS = 75_000;

/** Never rejects. */
export async function cancelRun(access: Access, runId: string): Promise<CancelAnswer> {
  const path = `/api/heartbeat-runs/${encodeURIComponent(runId)}/cancel`;
  const answer = await postToApi({ ...access, path, timeoutMs: CANCEL_MS }, {});
  if (answer.kind === "failed") return { kind: "refused", why: answer.why };
  const { status } = answer;
  if (status === 401 || status === 403) return { kind: "refused", why: whyDenied(access, status) };
  if (status === 409) return { kind: "unconfirmed" };
  return status < 300 ? { kind: "accepted" } : { kind: "refused", why: `Paperclip answered with ${status}` };
}

export const whyDenied = ({ token }: Pick<Access, "token">, status: number): string =>
  token === null ? `Paperclip asks for a board API key (${status})` : `Paperclip does not accept the key (${status})`;
