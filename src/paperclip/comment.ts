/** Says something on a task's page, with the agent's own token. */

export interface CommentRequest {
  /** Address of Paperclip's API as this process reaches it. */
  readonly url: string;
  readonly token: string;
  readonly taskId: string;
  /** Markdown. */
  readonly body: string;
  readonly signal: AbortSignal;
}

const TIMEOUT_MS = 20_000;

/** Null: it is there. Otherwise what went wrong, in words; never rejects. */
export async function commentOnTask({ url, token, taskId, body, signal }: CommentRequest): Promise<string | null> {
  try {
    const response = await fetch(new URL(`/api/issues/${encodeURIComponent(taskId)}/comments`, url), {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ body }),
      signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), signal]),
      redirect: "manual",
    });
    const words = await response.text();
    return response.ok ? null : `Paperclip answered with ${response.status}: ${words.slice(0, 300)}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
