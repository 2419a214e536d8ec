import { ConfigError } from "../../../config/config-error.ts";

/** Paperclip's folder of the project is gone: the runner would make an empty one of its name, and the project would begin anew. */
export function missingFolder(path: string): ConfigError {
  const problem = `Paperclip names ${path} as the folder of the project, and there is no such folder`;
  const fix =
    "Look what became of it: a worktree was removed, or a folder renamed. Let Paperclip make it again (the task's workspace, the project's settings), or set workspace: clone.";
  return new ConfigError([{ field: "workspace", problem, fix }], "k8s_workspace_missing");
}
