/** Reads what Paperclip says about this wake-up. Keys as the host sends them (measured with 2026.916.1). */
import type { AdapterExecutionContext } from "@paperclipai/adapter-utils";

export interface Wake {
  readonly taskId: string | null;
  readonly reason: string | null;
  readonly commentId: string | null;
  readonly approvalId: string | null;
  readonly approvalStatus: string | null;
  readonly linkedIssueIds: readonly string[];
  /** The runs that this one continues, as the host names them. */
  readonly previousRunIds: readonly string[];
  readonly workspace: Workspace;
}

export interface Workspace {
  readonly cwd: string | null;
  readonly source: string | null;
  readonly strategy: string | null;
  readonly id: string | null;
  /** Never with a login: one that the project has in its address would be told wherever that is. */
  readonly repoUrl: string | null;
  readonly repoRef: string | null;
  readonly branch: string | null;
  readonly worktreePath: string | null;
  readonly agentHome: string | null;
  readonly hints: readonly Record<string, unknown>[];
}

export function readWake({ context }: Pick<AdapterExecutionContext, "context">): Wake {
  const workspace = record(context.paperclipWorkspace);
  return {
    taskId: text(context.taskId) ?? text(context.issueId),
    reason: text(context.wakeReason),
    commentId: text(context.wakeCommentId) ?? text(context.commentId),
    approvalId: text(context.approvalId),
    approvalStatus: text(context.approvalStatus),
    linkedIssueIds: Array.isArray(context.issueIds) ? context.issueIds.flatMap((id) => text(id) ?? []) : [],
    previousRunIds: [context.retryOfRunId, context.previousRunId].flatMap((id) => text(id) ?? []),
    workspace: {
      cwd: text(workspace.cwd),
      source: text(workspace.source),
      strategy: text(workspace.strategy),
      id: text(workspace.workspaceId),
      repoUrl: text(withoutLogin(text(workspace.repoUrl) ?? "")),
      repoRef: text(workspace.repoRef),
      branch: text(workspace.branchName),
      worktreePath: text(workspace.worktreePath),
      agentHome: text(workspace.agentHome),
      hints: records(context.paperclipWorkspaces).map(hintWithoutLogin),
    },
  };
}

/** Of http and https, whose address may hold a password. */
export const withoutLogin = (url: string): string => url.replace(/^(https?:\/\/)[^/?#]*@/i, "$1");

const hintWithoutLogin = (hint: Record<string, unknown>): Record<string, unknown> =>
  typeof hint.repoUrl === "string" ? { ...hint, repoUrl: withoutLogin(hint.repoUrl) } : hint;

export const text = (value: unknown): string | null =>
  typeof value === "string" && value.trim() !== "" ? value.trim() : null;

export const record = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

export const records = (value: unknown): Record<string, unknown>[] =>
  Array.isArray(value) ? value.filter((entry) => typeof entry === "object" && entry !== null) : [];
