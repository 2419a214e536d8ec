/** Whether Paperclip still starts runs of a task by itself. */
import { getFromApi } from "./api-get.ts";
import { record, text } from "./wake.ts";

export interface TaskOverRequest {
  /** Address of Paperclip's API as this process reaches it. */
  readonly url: string;
  /** Of a run of its company. */
  readonly token: string;
  readonly taskId: string;
  /** Milliseconds for one answer. @default 10000 */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A run that is asked for is then cancelled at once (`issue_terminal_status`), unless a person's comment asks (2026.916.1). */
const OVER = new Set(["done", "cancelled"]);

/** Its status when it is over; null: it is not, or nobody knows. Never rejects. */
export async function statusOfOverTask(request: TaskOverRequest): Promise<string | null> {
  const { url, token, taskId, timeoutMs = 10_000, signal } = request;
  const answer = await getFromApi({
    url,
    path: `/api/issues/${encodeURIComponent(taskId)}`,
    token,
    timeoutMs,
    signal,
  });
  if (answer.kind === "failed" || answer.status !== 200) return null;
  const { id, status } = record(answer.body);
  return id === taskId && OVER.has(text(status) ?? "") ? text(status) : null;
}
