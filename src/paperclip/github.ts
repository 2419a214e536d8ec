/**
 * Where Paperclip manages an agent's access to GitHub, it puts programs of its own before `git` and `gh`: each asks
 * Paperclip for a credential when it is called, so that none lies in the environment.
 */
import { githubLauncherSource } from "@paperclipai/adapter-utils/github-launcher";
import type { FolderFile } from "./folder.ts";

/** Where the host has put its own copies of them; not set where it does not manage the access. */
export const LAUNCHERS = "PAPERCLIP_GITHUB_LAUNCHER_DIR";
/** Where the programs ask. */
export const BROKER_URL = "PAPERCLIP_GITHUB_BROKER_URL";

/** The same programs for a pod, which must have them first in its PATH; none where the access is not managed. */
export function gitLaunchers(configured: Readonly<Record<string, string>>): FolderFile[] {
  if (!configured[LAUNCHERS]) return [];
  const bytes = Buffer.from(githubLauncherSource());
  return ["git", "gh"].map((path) => ({ path, bytes, executable: true }));
}
