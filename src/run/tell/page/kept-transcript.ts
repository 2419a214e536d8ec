/** The agent's stdout in a file, byte for byte, as it arrives. */
import { constants, type FileHandle, lstat, mkdir, open, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { removeEntry } from "../../../files/guarded-file.ts";
import { bytes } from "../../../format/numbers.ts";
import type { Clock } from "../../../kubernetes/clock.ts";
import { LATE, LateGuard } from "../../shared/late-guard.ts";

const NEWLINE = Buffer.from("\n");
/** Bytes after which the disk is asked again: others write, too. */
const ASKED_EACH_BYTES = 16 * 1024 * 1024;
const MAX_RESERVE_BYTES = 1024 ** 3;
const DISK_MS = 60_000;

export interface KeepOptions {
  readonly file: string;
  /** Called for the first fault, or when a bound is reached; nothing more is written then. */
  readonly onFault: (error: Error) => void;
  /** Bytes of the file: no agent is to fill the disk that has Paperclip's database. */
  readonly maxBytes: number;
  /** Bytes that the disk has free beyond its reserve. @default of the file's disk, less a twentieth of it, at most 1 GiB */
  readonly freeBytes?: (folder: string) => Promise<number>;
  /** Bytes that wait for the disk, above which there is no room for more. @default 4 MiB */
  readonly memoryBytes?: number;
  readonly clock: Clock;
  /** Milliseconds that the disk may take for one write. @default one minute */
  readonly limitMs?: number;
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
  readonly #guard: LateGuard;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #newlineDue = false;
  #file: FileHandle | null = null;
  #writing: Promise<void> | null = null;
  #givenUp = false;
  #pushedBytes = 0;
  /** Bytes that may be written before the disk is asked again how much it has free. */
  #allowance = 0;

  constructor(options: KeepOptions) {
    this.#options = options;
    this.#memoryBytes = options.memoryBytes ?? 4 * 1024 * 1024;
    this.#create = options.create ?? create;
    this.#guard = new LateGuard(options.clock);
  }

  /** Whole lines, each ended by a newline; copied. Whether the last of all had one is known at the end only. */
  push(lines: Buffer): void {
    this.#pushedBytes += lines.length;
    const { maxBytes } = this.#options;
    if (this.#pushedBytes > maxBytes)
      this.#giveUp(
        new Error(`it holds no more than ${bytes(maxBytes)} (limits.transcriptBytes of the operator's policy)`),
      );
    if (this.#givenUp) return;
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
    this.#guard.close();
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
        await this.#inTime(this.#askForRoom(block.length));
        await this.#inTime(this.#file.appendFile(block));
        this.#waitingBytes -= block.length;
      }
    } catch (error) {
      this.#giveUp(error);
    } finally {
      this.#writing = null;
    }
  }

  /** Rejects when the disk is nearly full. */
  async #askForRoom(bytes: number): Promise<void> {
    if (bytes > this.#allowance) {
      const free = await (this.#options.freeBytes ?? freeBytes)(dirname(this.#options.file));
      if (free < bytes) throw new Error("the disk is nearly full");
      this.#allowance = Math.min(free, ASKED_EACH_BYTES + bytes);
    }
    this.#allowance -= bytes;
  }

  async #open(): Promise<FileHandle> {
    const file = await this.#create(this.#options.file);
    if (this.#givenUp) await file.close();
    return file;
  }

  async #inTime<T>(work: Promise<T>): Promise<T> {
    const done = await this.#guard.inTime(work, this.#options.limitMs ?? DISK_MS);
    if (done === LATE) throw new Error("the disk does not answer");
    return done;
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
  // A link in its place, where pods share the folder, would lead anywhere.
  if (!(await lstat(dirname(file))).isDirectory()) throw new Error("its folder is a link");
  await removeEntry(file);
  return open(file, "wx", 0o600);
}

/** The file that this process made before; no link in its place. */
export async function goOn(file: string): Promise<FileHandle> {
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  if (!(await lstat(dirname(file))).isDirectory()) throw new Error("its folder is a link");
  return open(file, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
}

async function freeBytes(folder: string): Promise<number> {
  const disk = await statfs(folder).catch(() => null);
  // What cannot be asked says itself when it is full.
  if (disk === null) return Number.POSITIVE_INFINITY;
  const { bavail, blocks, bsize } = disk;
  return bavail * bsize - Math.min(MAX_RESERVE_BYTES, (blocks * bsize) / 20);
}
