import { writev } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Writes what the kernel takes, at least one byte, and says how many; rejects with a system error. */
export type WriteSome = (fd: number, buffers: Buffer[]) => Promise<number>;

// Not by node:util, which brings thirteen modules more into the pod's memory.
export const writeSome: WriteSome = (fd, buffers) =>
  new Promise((resolve, reject) => {
    writev(fd, buffers, (error, written) => (error ? reject(error) : resolve(written)));
  });

/** Above this many waiting bytes the agent is no longer read; below the other it is again. */
const HIGH_WATER = 1024 * 1024;
const LOW_WATER = 256 * 1024;
const LONGEST_PAUSE_MS = 32;

/**
 * The only writer of its file descriptor: buffers go out in order and whole, whatever the kernel takes at a time.
 *
 * Not process.stdout, which blocks the event loop on a full pipe: a stalled log must not keep a SIGTERM from the
 * agent. A write waits in libuv's thread pool instead; a descriptor that somebody made non-blocking says EAGAIN, and
 * is asked again.
 */
export class FrameWriter {
  /** Why nothing is written any more: what comes after is thrown away, the agent's work goes on. */
  failure: Error | null = null;
  /** Called when the writer was full and has room again. */
  onRoom: () => void = () => {};

  readonly #fd: number;
  readonly #write: WriteSome;
  #queue: Buffer[] = [];
  #waiting = 0;
  #wasFull = false;
  #pump: Promise<void> | null = null;

  constructor(fd: number, write: WriteSome = writeSome) {
    this.#fd = fd;
    this.#write = write;
  }

  get full(): boolean {
    return this.#wasFull;
  }

  push(bytes: Buffer): void {
    if (this.failure) return;
    this.#queue.push(bytes);
    this.#waiting += bytes.length;
    if (this.#waiting > HIGH_WATER) this.#wasFull = true;
    this.#pump ??= this.#writeAll();
  }

  /** Resolves when all that was pushed is written, or writing has failed. */
  async flushed(): Promise<void> {
    while (this.#pump) await this.#pump;
  }

  async #writeAll(): Promise<void> {
    try {
      while (this.#queue.length > 0) {
        const batch = this.#queue;
        this.#queue = [];
        await this.#writeBatch(batch);
      }
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(String(error));
      this.#queue = [];
      this.#took(this.#waiting);
    }
    // In the same turn as the last look at the queue: a push after it begins anew.
    this.#pump = null;
  }

  async #writeBatch(batch: Buffer[]): Promise<void> {
    let rest = batch;
    let pause = 1;
    while (rest.length > 0) {
      try {
        const written = await this.#write(this.#fd, rest);
        rest = withoutFirst(rest, written);
        this.#took(written);
        pause = 1;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
        await sleep(pause);
        pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      }
    }
  }

  #took(bytes: number): void {
    this.#waiting -= bytes;
    if (!this.#wasFull || this.#waiting > LOW_WATER) return;
    this.#wasFull = false;
    this.onRoom();
  }
}

function withoutFirst(buffers: Buffer[], bytes: number): Buffer[] {
  let left = bytes;
  let index = 0;
  for (const buffer of buffers) {
    if (left < buffer.length) break;
    left -= buffer.length;
    index += 1;
  }
  const rest = buffers.slice(index);
  if (left > 0 && rest[0]) rest[0] = rest[0].subarray(left);
  return rest;
}
