/** What only the disk shows of Paperclip's home. */
import { realpath, stat } from "node:fs/promises";
import { posix } from "node:path";
import { readGuardedText } from "../../../files/guarded-file.ts";
import { isBelow } from "../../../paperclip/paths.ts";
import type { HomeOnDisk } from "../plan-input.ts";
import { privateHome, type Tenant } from "./entitlement.ts";
import { readLogin } from "./login.ts";

/** Bytes of a worktree's `.git`, which is one path. */
const MAX_BYTES = 8 * 1024;

export interface DiskRequest {
  readonly env: NodeJS.ProcessEnv;
  /** Paperclip's home. */
  readonly home: string;
  /** Paperclip's workspace for the run; null = none. */
  readonly workspace: string | null;
  readonly tenant: Tenant;
  readonly now: number;
}

export async function readHomeOnDisk({ env, home, workspace, tenant, now }: DiskRequest): Promise<HomeOnDisk> {
  const instance = env.PAPERCLIP_INSTANCE_ID?.trim() || "default";
  const [repository, isWorkspaceMissing, login] = await Promise.all([
    workspace !== null && isBelow(workspace, home) ? repositoryOf(workspace, home) : null,
    workspace !== null && isBelow(workspace, home) ? isMissing(workspace, home) : false,
    readLogin(home, posix.join(home, ...privateHome(tenant)), now),
  ]);
  return { instance, repository, isWorkspaceMissing, login };
}

/** Whoever calls the adapter from elsewhere in Paperclip's name sees nothing of its home: to it nothing is missing. */
async function isMissing(folder: string, home: string): Promise<boolean> {
  const isThere = (path: string) => stat(path).then((found) => found.isDirectory(), isUnknown);
  return (await isThere(home)) && !(await isThere(folder));
}

/** Only what is certainly not there is missing: the pod's user may enter what this process may not. */
const isUnknown = (error: NodeJS.ErrnoException): boolean => error.code !== "ENOENT" && error.code !== "ENOTDIR";

/** An agent can write the file: what it names counts only where the run may see that anyway. */
async function repositoryOf(workspace: string, home: string): Promise<string | null> {
  try {
    const guard = { maxBytes: MAX_BYTES, links: false, below: await realpath(home) };
    const content = await readGuardedText(posix.join(workspace, ".git"), guard);
    const folder = /^gitdir: (.+)$/m.exec(content)?.[1];
    return folder ? posix.resolve(workspace, folder) : null;
  } catch {
    // No worktree.
    return null;
  }
}
