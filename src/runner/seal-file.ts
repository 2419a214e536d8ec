import { ftruncateSync, openSync, writeSync } from "node:fs";
import { fitSeal } from "./fit-seal.ts";
import type { Seal } from "./seal.ts";

/**
 * The container's termination message. The kubelet reads whatever is in the file when the container has ended, also
 * after SIGKILL and out-of-memory (measured), so at every instant it holds one whole seal: each is written over the
 * last in a single write of at most one page, padded with blanks to the length of the last. Not renamed into place:
 * the file is a bind mount.
 */
export class SealFile {
  /** Why no seal can be written. */
  failure: Error | null = null;
  #fd: number | null = null;
  #length = 0;

  constructor(path: string) {
    this.#attempt(() => {
      this.#fd = openForWriting(path);
      ftruncateSync(this.#fd);
    });
  }

  write(seal: Seal): void {
    const fd = this.#fd;
    if (fd === null) return;
    const json = Buffer.from(fitSeal(seal));
    this.#length = Math.max(this.#length, json.length);
    const padded = Buffer.alloc(this.#length, " ");
    json.copy(padded);
    this.#attempt(() => writeSync(fd, padded, 0, padded.length, 0));
  }

  #attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.failure = error as Error;
    }
  }
}

/** The kubelet makes the file; elsewhere it may be missing. */
function openForWriting(path: string): number {
  try {
    return openSync(path, "r+");
  } catch {
    return openSync(path, "w");
  }
}
