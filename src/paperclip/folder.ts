/** A folder on Paperclip's side, read whole so that a pod can be given a copy of it. */
import type { Dirent } from "node:fs";
import { opendir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { GuardedFileError, readGuarded } from "../files/guarded-file.ts";
import { isBelow } from "./paths.ts";

export interface FolderFile {
  /** Relative, with `/`. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly executable: boolean;
}

export interface Folder {
  /** In the order of their paths. */
  readonly files: readonly FolderFile[];
  /** What is no file: a link could lead to anything on Paperclip's machine. */
  readonly leftOut: readonly string[];
  /** Of `room`, what it takes. */
  readonly cost: number;
}

/** Beside its bytes a file costs a few lines of the pod's specification, which everybody who watches pods is sent. */
const BYTES_OF_A_NAME = 512;

/** Entries of a folder and all below it: more would be no agent's instructions, and would take the server's time. */
const MOST_ENTRIES = 5000;

/**
 * `room` in bytes. Throws where it cannot be read, or needs more room.
 *
 * @param below the folder, its own links resolved, in which it must lie once all links are followed; default: anywhere
 */
export async function readFolder(folder: string, room: number, below?: string): Promise<Folder> {
  const root = await realpath(folder);
  if (below !== undefined && !isBelow(root, below)) throw new Error("it was replaced by a link that leads elsewhere");
  const files: FolderFile[] = [];
  const leftOut: string[] = [];
  let cost = 0;
  for (const { path, isFile } of await listFolder(root)) {
    if (!isFile) {
      leftOut.push(path);
      continue;
    }
    const file = await readFile(root, path, room - cost - BYTES_OF_A_NAME);
    if (file === null) throw new Error(`it needs more than the ${room} bytes that are left for it`);
    cost += file.bytes.length + BYTES_OF_A_NAME;
    files.push({ path, ...file });
  }
  return { files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)), leftOut: leftOut.toSorted(), cost };
}

interface Listed {
  /** Below the root, with `/`. */
  readonly path: string;
  readonly isFile: boolean;
}

/** All that lies below, without what is only a folder. Throws when that is too much. */
async function listFolder(root: string): Promise<Listed[]> {
  const found: Listed[] = [];
  const folders = [""];
  let entries = 0;
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await entriesOf(root, folder, MOST_ENTRIES - entries)) {
      entries++;
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) folders.push(path);
      else found.push({ path, isFile: entry.isFile() });
    }
  }
  return found;
}

async function entriesOf(root: string, folder: string, most: number): Promise<Dirent[]> {
  const path = join(root, folder);
  const entries: Dirent[] = [];
  for await (const entry of await opendir(path)) {
    entries.push(entry);
    if (entries.length > most) throw new Error(`it has more than ${MOST_ENTRIES} files and folders`);
  }
  // It was a folder a moment ago; should it have become a link, these are names of elsewhere.
  if ((await realpath(path)) !== path) throw new Error(`${folder} in it was replaced by a link`);
  return entries;
}

/** Null when it is larger than that. */
async function readFile(root: string, path: string, maxBytes: number): Promise<Omit<FolderFile, "path"> | null> {
  try {
    // It was a file a moment ago; should it, or a folder above it, have become a link, it is not followed.
    return await readGuarded(join(root, path), { maxBytes: Math.max(0, maxBytes), below: root, links: false });
  } catch (error) {
    if (error instanceof GuardedFileError && error.code === "TOO_LARGE") return null;
    throw error;
  }
}
