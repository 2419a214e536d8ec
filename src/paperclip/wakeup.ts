/** Asks Paperclip to wake an agent, for its task if it has one, with the agent's own token: it may wake itself, and only itself. */
import { reasonOfWakeup } from "./lost-run.ts";
import { record, text } from "./wake.ts";

export interface WakeupRequest {
  /** Address of Paperclip's API as this process reaches it. */
  readonly url: string;
  /** Of the run that was lost; Paperclip takes it for 48 hours after that run's start. */
  readonly token: string;
  readonly agentId: string;
  readonly taskId: string | null;
  readonly lostRunId: string;
  readonly signal?: AbortSignal;
}

export type WakeupAnswer =
  | { readonly kind: "woken"; readonly runId: string }
  /** Paperclip holds the task back, and says why. */
  | { readonly kind: "held"; readonly why: string }
  | { readonly kind: "failed"; readonly why: string };

const TIMEOUT_MS = 20_000;

let last: Promise<unknown> = Promise.resolve();

/**
 * One after the other, in the whole process: each wake-up holds one of the ten database connections of Paperclip
 * (2026.916.1) while it waits for another one, so that ten at the same moment make the server stand still (measured).
 * Never rejects: what goes wrong is a value.
 */
export function wakeAgent(request: WakeupRequest): Promise<WakeupAnswer> {
  const answer = last.then(() => ask(request));
  last = answer;
  return answer;
}

async function ask(request: WakeupRequest): Promise<WakeupAnswer> {
  const { url, token, agentId, taskId, lostRunId, signal } = request;
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const response = await fetch(new URL(`/api/agents/${encodeURIComponent(agentId)}/wakeup`, url), {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({
        source: "automation",
        triggerDetail: "system",
        reason: reasonOfWakeup(lostRunId, taskId),
        ...(taskId === null ? {} : { payload: { issueId: taskId } }),
        idempotencyKey: `claude_k8s:${lostRunId}`,
      }),
      signal: signal ? AbortSignal.any([timeout, signal]) : timeout,
      redirect: "manual",
    });
    const body = await response.text();
    if (!response.ok)
      return { kind: "failed", why: `Paperclip answered with ${response.status}: ${body.slice(0, 300)}` };
    const answer = record(JSON.parse(body));
    const runId = text(answer.id);
    return runId ? { kind: "woken", runId } : { kind: "held", why: text(answer.reason) ?? body.slice(0, 300) };
  } catch (error) {
    return { kind: "failed", why: error instanceof Error ? error.message : String(error) };
  }
}
