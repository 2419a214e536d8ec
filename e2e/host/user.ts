/**
 * Who the server runs as. The embedded PostgreSQL's initdb refuses root (measured), so as root we take an unprivileged
 * user that exists already; otherwise our own.
 */
import { chown, stat } from "node:fs/promises";
import { dirname } from "node:path";

export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** `nobody` on Linux. E2E_UID names another one; it must be in /etc/passwd, for PostgreSQL asks for its name. */
const NOBODY = 65_534;

/** Null: the server can run as we do. */
export function serverUser(env: NodeJS.ProcessEnv = process.env): User | null {
  if (process.getuid?.() !== 0) return null;
  const uid = Number(env.E2E_UID ?? NOBODY);
  return { uid, gid: Number(env.E2E_GID ?? uid) };
}

export async function giveTo(user: User | null, ...paths: string[]): Promise<void> {
  if (user) for (const path of paths) await chown(path, user.uid, user.gid);
}

/** The folder that keeps the server's user from reading `path`, such as /root; null when nothing does. */
export async function blockingFolder(user: User | null, path: string): Promise<string | null> {
  if (!user) return null;
  for (let folder = path; ; folder = dirname(folder)) {
    const { mode, uid } = await stat(folder);
    if ((mode & 0o001) === 0 && uid !== user.uid) return folder;
    if (folder === dirname(folder)) return null;
  }
}
