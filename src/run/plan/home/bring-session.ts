/** Brings a session of Claude Code from the home that all agents shared into the agent's own, once. */
import type { GuardedFolder, Owner } from "../../../files/guarded-folder.ts";

export interface MovedSession {
  readonly id: string;
  /** The agent's working directory, by which Claude Code files its sessions. */
  readonly cwd: string;
}

/** Bytes: a longer session is left behind, and the run begins a fresh one. */
const MAX_BYTES = 256 * 1024 * 1024;

/** Claude Code's name for a working directory (2.1.330). */
const folderNameOf = (cwd: string): string => cwd.replaceAll(/[^a-zA-Z0-9]/g, "-");

/**
 * What the agent's home has of that name is newer and stays. A session that is no plain file, too long or not there is
 * left, and the run begins a fresh one. Rejects where the agent's home has a link on the way, or cannot be written.
 */
export async function bringSession(
  { id, cwd }: MovedSession,
  shared: GuardedFolder,
  home: GuardedFolder,
  owner: Owner | null,
): Promise<void> {
  const names = [".claude", "projects", folderNameOf(cwd)] as const;
  await using from = await shared.enterAll(names).catch(() => null);
  if (from === null) return;
  await using to = await home.makeAll(names, { mode: 0o700, owner });
  await from.copy(`${id}.jsonl`, to, { maxBytes: MAX_BYTES, mode: 0o600, owner });
}
