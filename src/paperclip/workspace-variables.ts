/** What an agent is told of its workspace, with the paths that its pod sees. */
import {
  applyPaperclipWorkspaceEnv,
  shapePaperclipWorkspaceEnvForExecution,
} from "@paperclipai/adapter-utils/server-utils";
import { isBelow } from "./paths.ts";
import type { Workspace } from "./wake.ts";

/** Which of Paperclip's files the pod sees, and where it works. */
export interface PodView {
  /** The folders of Paperclip's machine that the pod sees under the same path. */
  readonly seen: readonly string[];
  /** Paperclip's workspace for the run, as Paperclip has it; null where the agent works in a directory of its own. */
  readonly workspaceCwd: string | null;
  /** The agent's working directory in the pod. */
  readonly workingDirectory: string;
  /** A folder of the pod for what is the agent's and no project's. */
  readonly ownDirectory: string;
}

/** The agent works in another folder than Paperclip's: a clone of it, say. */
export const isElsewhere = ({ workspaceCwd, workingDirectory }: PodView): boolean =>
  workspaceCwd !== null && workspaceCwd !== workingDirectory;

export const isSeen = (path: string, { seen }: Pick<PodView, "seen">): boolean =>
  seen.some((folder) => isBelow(path, folder));

/** Without a folder that the pod does not see. Where it sees none at all, the host's own function says what becomes of it. */
function seenHint(hint: Record<string, unknown>, view: PodView): Record<string, unknown> {
  const { cwd, ...rest } = hint;
  return view.seen.length === 0 || typeof cwd !== "string" || isSeen(cwd, view) ? hint : rest;
}

export function workspaceVariables(workspace: Workspace, view: PodView): Record<string, string> {
  const seesNone = view.seen.length === 0;
  const shaped = shapePaperclipWorkspaceEnvForExecution({
    workspaceCwd: view.workspaceCwd,
    workspaceWorktreePath: workspace.worktreePath,
    workspaceHints: workspace.hints.map((hint) => seenHint(hint, view)),
    executionTargetIsRemote: view.workspaceCwd === null ? seesNone : isElsewhere(view),
    executionCwd: view.workingDirectory,
  });
  const agentHome = workspace.agentHome ?? (seesNone ? view.ownDirectory : null);
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
    agentHome: agentHome === null || isSeen(agentHome, view) ? agentHome : view.ownDirectory,
  });
  if (shaped.workspaceHints.length > 0) env.PAPERCLIP_WORKSPACES_JSON = JSON.stringify(shaped.workspaceHints);
  return env;
}
