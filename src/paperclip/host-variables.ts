/**
 * The host adds variables of its own machine to those that the agent's configuration has (measured with 2026.916.1): a pod
 * that does not see those folders must not be pointed at them.
 */
import { LAUNCHERS } from "./github.ts";

/** The host makes a folder for each run and names it so, TMPDIR where the agent has none of its own. */
const SCRATCH = new Set([
  "PAPERCLIP_SCRATCH_DIR",
  "PAPERCLIP_RUN_SCRATCH_DIR",
  "PAPERCLIP_TASK_SCRATCH_DIR",
  "PAPERCLIP_TMPDIR",
  "TMPDIR",
  "TEMP",
  "TMP",
]);

/** About the host's machine, for a process that runs there. */
const HOSTS = new Set([
  "PAPERCLIP_RUNNER_NETWORK_ROOTS",
  "PAPERCLIP_RUNNER_NETWORK_ACCESS",
  "PAPERCLIP_GITHUB_HOST_HOME",
  LAUNCHERS,
  "PAPERCLIP_GIT_METADATA_ROOTS",
]);

/** Where the host has its own Git and GitHub settings. */
const HOST_PATHS = new Set([
  "GH_CONFIG_DIR",
  "GIT_ASKPASS",
  "GIT_CONFIG_GLOBAL",
  "GIT_CONFIG_SYSTEM",
  "GIT_SSH",
  "SSH_ASKPASS",
  "SSH_AUTH_SOCK",
]);

export interface HostView {
  /** Folder for what is thrown away after the run. */
  readonly scratchFolder: string;
  /** Where the host has put its programs before `git` and `gh`; undefined where it has not. */
  readonly launchers: string | undefined;
  /** Whether the agent's own configuration has the variable. */
  readonly isOwn: (name: string) => boolean;
  /** Whether it lies in the agent's home on the host, and the pod sees it there. */
  readonly isInAgentsHome: (path: string) => boolean;
}

/** Null for a variable that is not for the pod; what the agent set itself stays as it is. */
export function seenFromPod(name: string, value: string, view: HostView): string | null {
  const { launchers } = view;
  if (launchers && value.startsWith(launchers)) {
    // In PATH they come first; behind them is the agent's own, or the host's where it has none.
    return name === "PATH" && view.isOwn(name) ? value.slice(`${launchers}:`.length) : null;
  }
  if (view.isOwn(name)) return value;
  if (SCRATCH.has(name)) return view.scratchFolder;
  if (HOSTS.has(name)) return null;
  if (!HOST_PATHS.has(name) || !value.startsWith("/") || value === "/dev/null") return value;
  return view.isInAgentsHome(value) ? value : null;
}
