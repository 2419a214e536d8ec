/** The agent's stdout in a file, byte for byte, as it arrives. */
import { type FileHandle, mkdir, open, rm } from "node:fs/promises";
import { dirname } from "node:path";

const NEWLINE = Buffer.from("\n");

export interface KeepOptions {
  readonly file: string;
  /** Called for the first fault; the file is given up then. */
  readonly onFault: (error: Error) => void;
  /** Bytes that wait for the disk, above which there is no room for more. @default 4 MiB */
  readonly memoryBytes?: number;
  /** Resolves when the disk has taken too long; the signal aborts when it is not waited for any more. */
  readonly tooLong: (signal: AbortSignal) => Promise<void>;
  /** @default a new file that only its owner may read, in a folder that only its owner may enter */
  readonly create?: (file: string) => Promise<FileHandle>;
}

/**
 * Writes lines to a file that only its owner reads. Taking lines in never waits. A disk that fails or hangs is reported
 * once, and then nothing more is written: a run is never harmed by it.
 */
export class KeptTranscript {
  readonly #options: KeepOptions;
  readonly #memoryBytes: number;
  readonly #create: (file: string) => Promise<FileHandle>;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #newlineDue = false;
  #file: FileHandle | null = null;
  #writing: Promise<void> | null = null;
  #givenUp = false;

  constructor(options: KeepOptions) {
    this.#options = options;
    this.#memoryBytes = options.memoryBytes ?? 4 * 1024 * 1024;
    this.#create = options.create ?? create;
  }

  /** Whole lines, each ended by a newline; copied. Whether the last of all had one is known at the end only. */
  push(lines: Buffer): void {
    const body = lines.subarray(0, lines.length - 1);
    this.#add(this.#newlineDue ? Buffer.concat([NEWLINE, body]) : Buffer.from(body));
    this.#newlineDue = true;
  }

  get overfull(): boolean {
    return this.#waitingBytes > this.#memoryBytes;
  }

  /** Resolves when there is room for more. */
  async room(): Promise<void> {
    while (this.overfull && this.#writing) await this.#writing;
  }

  /**
   * Resolves when all is written, or nothing more will be. True: the file holds every byte that was pushed.
   *
   * @param lastNewline whether the agent ended its last line
   */
  async close(lastNewline: boolean): Promise<boolean> {
    if (this.#newlineDue && lastNewline) this.#add(NEWLINE);
    // A run that printed nothing has an empty file.
    if (!this.#givenUp) this.#writing ??= this.#write();
    await this.#writing;
    const file = this.#file;
    this.#file = null;
    if (file) await this.#inTime(file.close()).catch((error: unknown) => this.#giveUp(error));
    return !this.#givenUp;
  }

  #add(bytes: Buffer): void {
    if (this.#givenUp) return;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    try {
      this.#file ??= await this.#inTime(this.#open());
      while (this.#waiting.length > 0) {
        const block = Buffer.concat(this.#waiting.splice(0));
        await this.#inTime(this.#file.appendFile(block));
        this.#waitingBytes -= block.length;
      }
    } catch (error) {
      this.#giveUp(error);
    } finally {
      this.#writing = null;
    }
  }

  async #open(): Promise<FileHandle> {
    const file = await this.#create(this.#options.file);
    if (this.#givenUp) await file.close();
    return file;
  }

  async #inTime<T>(work: Promise<T>): Promise<T> {
    const done = new AbortController();
    const late = this.#options.tooLong(done.signal).then((): never => {
      throw new Error("the disk does not answer");
    });
    late.catch(() => undefined);
    try {
      return await Promise.race([work, late]);
    } finally {
      done.abort();
    }
  }

  #giveUp(error: unknown): void {
    if (this.#givenUp) return;
    this.#givenUp = true;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#file?.close().catch(() => undefined);
    this.#file = null;
    this.#options.onFault(error instanceof Error ? error : new Error(String(error)));
  }
}

/** A file of its own, whatever was there before: nobody else has it open, and its mode is ours. */
async function create(file: string): Promise<FileHandle> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await rm(file, { force: true });
  return open(file, "wx", 0o600);
}
