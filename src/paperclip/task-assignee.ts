/** Which agent a task belongs to now, by Paperclip's word. */
import { record, text } from "./wake.ts";

export type TaskAssignee =
  /** `agentId`: null when it is nobody's, or a person's. */
  | { readonly kind: "known"; readonly agentId: string | null }
  /** Paperclip does not say: it has no such task, or cannot be asked. */
  | { readonly kind: "unknown" };

export type ReadTaskAssignee = (taskId: string, signal?: AbortSignal) => Promise<TaskAssignee>;

export interface TaskAssigneeOptions {
  /** Address of Paperclip's API as this process reaches it. */
  readonly url: string | null;
  /** The run's own token: it may read tasks of its company. */
  readonly token: string | null | undefined;
  /** Milliseconds for one answer. @default 10000 */
  readonly timeoutMs?: number;
}

/** Never rejects. */
export function createTaskAssigneeReader({ url, token, timeoutMs = 10_000 }: TaskAssigneeOptions): ReadTaskAssignee {
  return async (taskId, signal) => {
    if (!url || !token) return { kind: "unknown" };
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(new URL(`/api/issues/${encodeURIComponent(taskId)}`, url), {
        headers: { authorization: `Bearer ${token}`, accept: "application/json" },
        signal: signal ? AbortSignal.any([timeout, signal]) : timeout,
        // A redirect would lead the token elsewhere.
        redirect: "manual",
      });
      const issue = record(await response.json());
      if (response.status !== 200 || issue.id !== taskId) return { kind: "unknown" };
      return { kind: "known", agentId: text(issue.assigneeAgentId) };
    } catch {
      return { kind: "unknown" };
    }
  };
}
