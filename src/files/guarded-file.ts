/**
 * Opens files that others named, or can replace: in an agent's configuration, on a volume that pods see too. Whatever lies
 * there (a pipe, a device, a link to elsewhere, a terabyte, a disk that does not answer) costs no more than an error.
 */
import { constants, type Stats } from "node:fs";
import { type FileHandle, open, readlink, realpath, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";

export interface FileGuard {
  /** Bytes of the largest file that is read. */
  readonly maxBytes: number;
  /** The folder, its own links resolved (`realpath`), in which the file must lie once all links are followed. @default anywhere */
  readonly below?: string;
  /** False refuses a link as the last part of the path. @default true */
  readonly links?: boolean;
  /** Milliseconds that the disk may take. @default 10 s */
  readonly deadlineMs?: number;
}

const DEADLINE_MS = 10_000;

/** Why a file was refused; errors of the system come as they are. */
export class GuardedFileError extends Error {
  override readonly name = "GuardedFileError";
  readonly path: string;
  /** `EISDIR`, `NOT_REGULAR`, `TOO_LARGE`, `ELSEWHERE`, `TIMEOUT`. */
  readonly code: string;

  constructor(code: string, path: string, why: string) {
    super(`${path} ${why}`);
    this.code = code;
    this.path = path;
  }
}

export interface GuardedFile {
  readonly bytes: Buffer;
  readonly executable: boolean;
}

/** The content of a regular file. Rejects with GuardedFileError, or with the system's error. */
export function readGuarded(path: string, guard: FileGuard): Promise<GuardedFile> {
  return withFile(path, guard, async (file, found) => {
    const bytes = await readAtMost(file, found.size, guard.maxBytes, path);
    return { bytes, executable: (found.mode & 0o111) !== 0 };
  });
}

/** The same as text. */
export async function readGuardedText(path: string, guard: FileGuard): Promise<string> {
  return (await readGuarded(path, guard)).bytes.toString("utf8");
}

/** An open regular file for the caller to read and close; its size is not bounded. Rejects as `readGuarded`. */
export function openGuarded(path: string, guard: Omit<FileGuard, "maxBytes">): Promise<FileHandle> {
  return inTime(path, guard.deadlineMs, openRegular(path, guard), ({ file }) => file.close()).then(({ file }) => file);
}

/**
 * The folder of a path below `home`, with the links resolved that lead to the home, and none behind it: where the file must
 * lie when nobody replaced a folder between them.
 */
export async function realFolderOf(path: string, home: string): Promise<string> {
  return join(await realpath(home), dirname(path).slice(home.length));
}

/** Removes a file below `home`, and nothing when a folder between them was replaced by a link. Rejects as the system does. */
export async function removeGuarded(path: string, home: string): Promise<void> {
  if ((await realpath(dirname(path))) !== (await realFolderOf(path, home)))
    throw new GuardedFileError("ELSEWHERE", path, "leads out of its folder");
  await removeEntry(path);
}

/**
 * Removes an entry that is no folder, where there is one. Never node's `rm`: where a folder has come into the entry's place
 * since it looked, that removes what lies in it, and behind a link that takes the folder's place (24.21). Rejects as the system does.
 */
export async function removeEntry(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

function withFile<T>(path: string, guard: FileGuard, use: (file: FileHandle, found: Stats) => Promise<T>): Promise<T> {
  const work = async (): Promise<T> => {
    const { file, found } = await openRegular(path, guard);
    try {
      return await use(file, found);
    } finally {
      await file.close();
    }
  };
  return inTime(path, guard.deadlineMs, work());
}

/** Never waits for another process, as the opening of a pipe would; follows no link behind its own back. */
async function openRegular(path: string, { below, links = true }: Omit<FileGuard, "maxBytes">) {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | (links ? 0 : constants.O_NOFOLLOW);
  const file = await open(path, flags);
  try {
    const found = await file.stat();
    if (found.isDirectory()) throw new GuardedFileError("EISDIR", path, "is a folder");
    if (!found.isFile()) throw new GuardedFileError("NOT_REGULAR", path, "is no regular file");
    if (below !== undefined && !(await realPath(file, found, path)).startsWith(below === "/" ? below : `${below}/`))
      throw new GuardedFileError("ELSEWHERE", path, "leads out of its folder");
    return { file, found };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Where an open file lies. What was opened is asked, not its path: that may be another file's by now. */
async function realPath(file: FileHandle, { dev, ino }: Stats, path: string): Promise<string> {
  try {
    return await readlink(`/proc/self/fd/${file.fd}`);
  } catch {
    const real = await realpath(path);
    const there = await stat(real);
    return there.dev === dev && there.ino === ino ? real : "";
  }
}

/** A file may say that it is empty and never end (`/proc`), or grow meanwhile. */
async function readAtMost(file: FileHandle, size: number, maxBytes: number, path: string): Promise<Buffer> {
  const tooLarge = () => new GuardedFileError("TOO_LARGE", path, `has more than ${maxBytes} bytes`);
  if (size > maxBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  for (let read = 0; ; ) {
    const chunk = Buffer.allocUnsafe(Math.min(64 * 1024, Math.max(size - read, 0) + 1));
    const { bytesRead } = await file.read(chunk, 0, chunk.length);
    if (bytesRead === 0) return Buffer.concat(chunks);
    read += bytesRead;
    if (read > maxBytes) throw tooLarge();
    chunks.push(chunk.subarray(0, bytesRead));
  }
}

/** Rejects when it takes too long; `late` gets what comes after that. */
async function inTime<T>(
  path: string,
  ms = DEADLINE_MS,
  work: Promise<T>,
  late: (result: T) => unknown = () => undefined,
): Promise<T> {
  const time = Promise.withResolvers<never>();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    time.reject(new GuardedFileError("TIMEOUT", path, "could not be read in time: its disk does not answer"));
  }, ms);
  work.then(
    (result) => (isLate ? late(result) : undefined),
    () => undefined,
  );
  try {
    return await Promise.race([work, time.promise]);
  } finally {
    clearTimeout(timer);
  }
}
