import { open } from "node:fs/promises";
import type { Container } from "kubernetes-types/core/v1";

/** Limits measured on 1.36. */
const MAX_BYTES = 4096;
const MAX_BYTES_OF_POD = 12_288;
const LOG_LINES = 80;
const LOG_BYTES = 2048;

/** How many bytes one container may say when it ends: all containers of a pod share 12 KiB. */
export function messageLimit(containers: number): number {
  return Math.min(MAX_BYTES, Math.floor(MAX_BYTES_OF_POD / Math.max(1, containers)));
}

export interface Ending {
  readonly container: Container;
  readonly failed: boolean;
  /** The termination message file on the host. */
  readonly file: string;
  readonly limit: number;
  /** The last lines of the container's log, without stamps. */
  readonly lastLines: (lines: number) => Promise<Buffer>;
}

/** The file's beginning; for a container that failed in silence and asked for it, the log's end. */
export async function terminationMessage({ container, failed, file, limit, lastLines }: Ending): Promise<string> {
  const said = await head(file, limit);
  if (said.length > 0 || !failed || container.terminationMessagePolicy !== "FallbackToLogsOnError") {
    return said.toString();
  }
  const log = await lastLines(LOG_LINES);
  return log.subarray(Math.max(0, log.length - Math.min(LOG_BYTES, limit))).toString();
}

async function head(file: string, limit: number): Promise<Buffer> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(file, "r");
  } catch {
    return Buffer.alloc(0);
  }
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(limit), 0, limit, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
