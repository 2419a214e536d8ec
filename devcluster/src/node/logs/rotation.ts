import { createReadStream, createWriteStream } from "node:fs";
import { readdir, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
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

/**
 * Moves the newest file aside, compresses those before it and drops the oldest. Only the newest can be read through
 * the API. Resolves when the old files are in order; the move itself has happened before this returns.
 */
export async function rotate(log: ContainerLog, maxFiles: number): Promise<void> {
  const aside = log.rotate();
  if (aside === undefined) return;
  const newest = basename(aside);
  const old = (await readdir(log.directory)).filter((name) => name.startsWith("0.log.") && !name.endsWith(".tmp"));
  const kept = old.sort().slice(-(maxFiles - 1));
  for (const name of old) {
    const path = join(log.directory, name);
    if (!kept.includes(name)) await rm(path, { force: true });
    else if (name !== newest && !name.endsWith(".gz")) await compress(path);
  }
}

async function compress(path: string): Promise<void> {
  await pipeline(createReadStream(path), createGzip(), createWriteStream(`${path}.gz.tmp`));
  await rename(`${path}.gz.tmp`, `${path}.gz`);
  await rm(path, { force: true });
}
