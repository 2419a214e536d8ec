import { mkdir, rmdir, stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** A holder renews its lock each few seconds, so one of that age has none any more (Claude Code's own limit). */
const STALE_MS = 10_000;
const PAUSE_MS = 50;

/**
 * Does the work while it holds the lock: a folder, which exactly one process can make, on a network file system too. It
 * is Claude Code's own way to lock (measured: `.claude.json.lock`), so that both exclude each other. Rejects when somebody
 * else holds it for too long.
 */
export async function withLock<T>(path: string, waitMs: number, work: () => Promise<T>): Promise<T> {
  const until = performance.now() + waitMs;
  while (!(await taken(path))) {
    if (performance.now() > until) throw new Error(`${path} is held by another process`);
    await sleep(PAUSE_MS * (1 + Math.random()));
  }
  try {
    return await work();
  } finally {
    await rmdir(path).catch(() => {});
  }
}

async function taken(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const age = await stat(path).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > STALE_MS) await rmdir(path).catch(() => {});
    return false;
  }
}
