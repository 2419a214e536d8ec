import { closeSync, mkdirSync, openSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../types.ts";
import { CriEncoder, type StreamName } from "./cri.ts";
import { createStamper } from "./stamp.ts";

/**
 * The log of one container: the newest file, `0.log`, and what readers need to know of it. Written synchronously in
 * the order of arrival; a container writes as fast as this keeps up, for its pipe fills otherwise.
 */
export class ContainerLog {
  readonly directory: string;
  readonly #clock: Clock;
  readonly #encoders: Record<StreamName, CriEncoder>;
  readonly #waiting = new Set<() => void>();
  #file: number | undefined;
  #size = 0;
  #rotations = 0;
  #frozen = false;
  #rotatedAt = 0;
  #endedAt: number | undefined;

  constructor(directory: string, clock: Clock) {
    this.directory = directory;
    this.#clock = clock;
    this.#encoders = {
      stdout: new CriEncoder("stdout", createStamper(clock)),
      stderr: new CriEncoder("stderr", createStamper(clock)),
    };
    mkdirSync(directory, { recursive: true });
    this.#file = openSync(this.path, "a");
  }

  get path(): string {
    return join(this.directory, "0.log");
  }

  /** Bytes in the newest file. */
  get size(): number {
    return this.#size;
  }

  /** How often `0.log` has become another file. */
  get rotations(): number {
    return this.#rotations;
  }

  /** When the container ended, by the monotonic timer (`performance.now`); undefined while it runs. */
  get endedAt(): number | undefined {
    return this.#endedAt;
  }

  write(stream: StreamName, chunk: Buffer): void {
    this.#append(this.#encoders[stream].encode(chunk));
  }

  /** The node is lost: nothing is written any more, and nobody learns that the container has ended. */
  freeze(): void {
    this.#frozen = true;
  }

  /** The container has ended: what was held back is written, nothing comes any more. */
  end(): void {
    if (this.#endedAt !== undefined || this.#frozen) return;
    this.#append(this.#encoders.stdout.flush());
    this.#append(this.#encoders.stderr.flush());
    this.#endedAt = performance.now();
    this.close();
    this.#wake();
  }

  /** Moves the newest file aside and returns its new path; undefined when the container has ended. */
  rotate(): string | undefined {
    if (this.#file === undefined) return undefined;
    const aside = this.#nextName();
    renameSync(this.path, aside);
    closeSync(this.#file);
    this.#file = openSync(this.path, "a");
    this.#size = 0;
    this.#rotations += 1;
    this.#wake();
    return aside;
  }

  /** Resolves at the next change, at the abort or after `timeout` milliseconds, whichever is first. */
  changed(signal: AbortSignal, timeout?: number): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = timeout === undefined ? undefined : setTimeout(done, timeout);
      this.#waiting.add(done);
      signal.addEventListener("abort", done, { once: true });
    });
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #append(entries: Buffer): void {
    if (entries.length === 0 || this.#file === undefined || this.#frozen) return;
    for (let written = 0; written < entries.length; ) written += writeSync(this.#file, entries, written);
    this.#size += entries.length;
    this.#wake();
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done();
  }

  /** `0.log.20261122-072314`; a second rotation in one second takes the next, so that names sort by age. */
  #nextName(): string {
    const second = Math.max(Math.floor(this.#clock() / 1000), this.#rotatedAt + 1);
    this.#rotatedAt = second;
    const digits = new Date(second * 1000).toISOString().replace(/\D/g, "");
    return `${this.path}.${digits.slice(0, 8)}-${digits.slice(8, 14)}`;
  }
}
