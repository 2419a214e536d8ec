import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { ContainerLog } from "./container-log.ts";

export interface RotationLimits {
  /** Bytes after which the newest file is moved aside. @default 10 MiB */
  readonly maxBytes: number;
  /** Files of one container, the newest included. @default 5 */
  readonly maxFiles: number;
}

/** The kubelet's defaults. */
export const DEFAULT_ROTATION: RotationLimits = { maxBytes: 10 * 1024 * 1024, maxFiles: 5 };

/** What is going on in a log's folder: two at once would compress the same file. */
const tidying = new WeakMap<ContainerLog, Promise<void>>();

/**
 * Moves the newest file aside, compresses those before it and drops the oldest. Only the newest can be read through
 * the API. Resolves when the old files are in order; the move itself has happened before this returns.
 */
export async function rotate(log: ContainerLog, maxFiles: number): Promise<void> {
  if (log.rotate() === undefined) return;
  const before = tidying.get(log);
  const done = (async () => {
    // Its failure is reported to its own caller.
    await before?.catch(() => {});
    await tidy(log.directory, maxFiles);
  })();
  tidying.set(log, done);
  await done;
}

async function tidy(directory: string, maxFiles: number): Promise<void> {
  try {
    const old = (await readdir(directory)).filter((name) => name.startsWith("0.log.") && !name.endsWith(".tmp"));
    const kept = old.sort().slice(-(maxFiles - 1));
    const newest = kept.at(-1);
    for (const name of old) {
      const path = join(directory, name);
      if (!kept.includes(name)) await rm(path, { force: true });
      else if (name !== newest && !name.endsWith(".gz")) await compress(path);
    }
  } catch (error) {
    // The pod was deleted meanwhile, and its logs with it.
    if (existsSync(directory)) throw error;
  }
}

async function compress(path: string): Promise<void> {
  await pipeline(createReadStream(path), createGzip(), createWriteStream(`${path}.gz.tmp`));
  await rename(`${path}.gz.tmp`, `${path}.gz`);
  await rm(path, { force: true });
}
