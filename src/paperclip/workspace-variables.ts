/** What an agent is told of its workspace, with the paths that its pod sees. */
import {
  applyPaperclipWorkspaceEnv,
  shapePaperclipWorkspaceEnvForExecution,
} from "@paperclipai/adapter-utils/server-utils";
import { isBelow } from "./paths.ts";
import type { Workspace } from "./wake.ts";

/** Which of Paperclip's files the pod sees, and where it works. */
export interface PodView {
  /** The folder of Paperclip's machine that the pod sees under the same path; null = none. */
  readonly sharedHome: string | null;
  /** Paperclip's workspace for the run, as Paperclip has it; null where the agent works in a directory of its own. */
  readonly workspaceCwd: string | null;
  /** The agent's working directory in the pod. */
  readonly workingDirectory: string;
}

export const isSeen = (path: string, { sharedHome }: Pick<PodView, "sharedHome">): boolean =>
  sharedHome !== null && isBelow(path, sharedHome);

export function workspaceVariables(workspace: Workspace, view: PodView): Record<string, string> {
  const isElsewhere = view.workspaceCwd === null ? view.sharedHome === null : !isSeen(view.workspaceCwd, view);
  const shaped = shapePaperclipWorkspaceEnvForExecution({
    workspaceCwd: view.workspaceCwd,
    workspaceWorktreePath: workspace.worktreePath,
    workspaceHints: [...workspace.hints],
    executionTargetIsRemote: isElsewhere,
    executionCwd: view.workingDirectory,
  });
  const agentHome = workspace.agentHome ?? (view.sharedHome === null ? view.workingDirectory : null);
  const env: Record<string, string> = {};
  applyPaperclipWorkspaceEnv(env, {
    workspaceCwd: shaped.workspaceCwd,
    workspaceSource: workspace.source,
    workspaceStrategy: workspace.strategy,
    workspaceId: workspace.id,
    workspaceRepoUrl: workspace.repoUrl,
    workspaceRepoRef: workspace.repoRef,
    workspaceBranch: workspace.branch,
    workspaceWorktreePath: shaped.workspaceWorktreePath,
    agentHome: agentHome === null || isSeen(agentHome, view) ? agentHome : view.workingDirectory,
  });
  if (shaped.workspaceHints.length > 0) env.PAPERCLIP_WORKSPACES_JSON = JSON.stringify(shaped.workspaceHints);
  return env;
}
