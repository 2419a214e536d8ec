/**
 * Folders that are made, and files that are put, where pods can write: each name of the way is opened in the folder before
 * it, which stays open, and never as a link. So nobody who replaces a folder meanwhile leads this process elsewhere.
 */
import { randomBytes } from "node:crypto";
import { constants, type Stats } from "node:fs";
import { type FileHandle, lstat, mkdir, open, opendir, rename } from "node:fs/promises";
import { join } from "node:path";
import { GuardedFileError, removeEntry } from "./guarded-file.ts";

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export interface NewFolder {
  readonly mode: number;
  /** Who gets the folder where this process may give it away. @default this process */
  readonly owner?: Owner | null;
}

export interface NewFile extends NewFolder {
  readonly maxBytes: number;
}

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY;
/** Neither a link nor a pipe holds up who opens it. */
const FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const CHUNK_BYTES = 1024 * 1024;

/** An open folder. */
export class GuardedFolder implements AsyncDisposable {
  /** As messages name it. */
  readonly path: string;
  readonly #handle: FileHandle;

  private constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
  }

  /** Opens a folder that nobody but the operator can replace: links on the way to it are followed. Rejects as the system does. */
  static async open(path: string): Promise<GuardedFolder> {
    return new GuardedFolder(path, await open(path, FOLDER));
  }

  /** Where an entry of this folder is reached, whatever has become of the folder's own path. */
  at(name: string): string {
    if (name === "" || name === "." || name === ".." || name.includes("/"))
      throw new GuardedFileError("ELSEWHERE", join(this.path, name), "is no name of an entry");
    return join(this.#place, name);
  }

  /** This folder, whatever has become of its path. */
  get #place(): string {
    return process.platform === "linux" ? `/proc/self/fd/${this.#handle.fd}` : this.path;
  }

  /**
   * Opens a folder in this one; null when there is none. Rejects with GuardedFileError when it is a link or no folder, or
   * with the system's error.
   */
  async enter(name: string): Promise<GuardedFolder | null> {
    try {
      return await this.#open(name);
    } catch (error) {
      if (codeOf(error) === "ENOENT") return null;
      throw error;
    }
  }

  /** The same, made where there is none. */
  async make(name: string, { mode, owner }: NewFolder): Promise<GuardedFolder> {
    const isNew = await isMade(this.at(name), mode);
    const folder = await this.#open(name);
    // The mode as asked for, whatever the process' umask.
    if (isNew) await folder.#handle.chmod(mode);
    if (isNew && owner && process.getuid?.() === 0) await folder.#handle.chown(owner.uid, owner.gid);
    return folder;
  }

  /** Opens what lies some names further down. As `enter`. */
  async enterAll([name, ...further]: readonly [string, ...string[]]): Promise<GuardedFolder | null> {
    const folder = await this.enter(name);
    const [next, ...rest] = further;
    if (folder === null || next === undefined) return folder;
    await using parent = folder;
    return await parent.enterAll([next, ...rest]);
  }

  /** The same, made where there is none. */
  async makeAll([name, ...further]: readonly [string, ...string[]], each: NewFolder): Promise<GuardedFolder> {
    const folder = await this.make(name, each);
    const [next, ...rest] = further;
    if (next === undefined) return folder;
    await using parent = folder;
    return await parent.makeAll([next, ...rest], each);
  }

  /** The names of its entries, no more than `most`. */
  async names(most: number): Promise<string[]> {
    const names: string[] = [];
    for await (const { name } of await opendir(this.#place)) {
      if (names.length === most) break;
      names.push(name);
    }
    return names;
  }

  /** Number of the volume that it is on. */
  async device(): Promise<number> {
    return (await this.#handle.stat()).dev;
  }

  /** What an entry is, itself and not what it links to; null when there is none. */
  async find(name: string): Promise<Stats | null> {
    try {
      return await lstat(this.at(name));
    } catch (error) {
      if (codeOf(error) === "ENOENT") return null;
      throw error;
    }
  }

  /** Removes an entry that is no folder, where there is one. Rejects as the system does. */
  remove(name: string): Promise<void> {
    return removeEntry(this.at(name));
  }

  async #open(name: string): Promise<GuardedFolder> {
    const path = join(this.path, name);
    try {
      return new GuardedFolder(path, await open(this.at(name), FOLDER | constants.O_NOFOLLOW));
    } catch (error) {
      if (codeOf(error) !== "ELOOP" && codeOf(error) !== "ENOTDIR") throw error;
      const isLink = (await this.find(name).catch(() => null))?.isSymbolicLink() ?? true;
      throw new GuardedFileError(isLink ? "LINK" : "NOT_FOLDER", path, isLink ? "is a link" : "is no folder");
    }
  }

  /**
   * Copies a plain file of this folder into another one, where no entry has its name yet, and in one step. Resolves with
   * false when there is nothing to copy, or it is in place. Rejects as the system does.
   */
  async copy(name: string, to: GuardedFolder, { maxBytes, mode, owner }: NewFile): Promise<boolean> {
    if ((await to.find(name)) !== null) return false;
    const source = await open(this.at(name), FILE).catch(() => null);
    if (source === null) return false;
    await using _ = source;
    const found = await source.stat();
    if (!found.isFile() || found.size > maxBytes) return false;
    const draft = `.${randomBytes(8).toString("hex")}.draft`;
    try {
      await using file = await open(to.at(draft), "wx", mode);
      await copyBytes(source, file, found.size);
      if (owner && process.getuid?.() === 0) await file.chown(owner.uid, owner.gid);
      await rename(to.at(draft), to.at(name));
      return true;
    } catch (error) {
      await to.remove(draft);
      throw error;
    }
  }

  /** Lets everybody pass who knows the names below, as far as this process may. */
  letPass(): Promise<void> {
    return this.#allow(0o111);
  }

  /** Lets its owner change it, as far as this process may: some package caches are read-only. */
  letChange(): Promise<void> {
    return this.#allow(0o700);
  }

  async #allow(bits: number): Promise<void> {
    const { mode } = await this.#handle.stat();
    if ((mode & bits) !== bits) await this.#handle.chmod((mode & 0o7777) | bits).catch(() => undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#handle.close();
  }
}

/** As many as the file had when it was opened: it may grow meanwhile, and end early. */
async function copyBytes(source: FileHandle, target: FileHandle, size: number): Promise<void> {
  const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size));
  for (let left = size; left > 0; ) {
    const { bytesRead } = await source.read(chunk, 0, Math.min(left, chunk.length));
    if (bytesRead === 0) return;
    await target.writeFile(chunk.subarray(0, bytesRead));
    left -= bytesRead;
  }
}

/** True when it was made now; false when something has the name. */
async function isMade(path: string, mode: number): Promise<boolean> {
  try {
    await mkdir(path, { mode });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? "";
