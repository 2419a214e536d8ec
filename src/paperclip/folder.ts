/** A folder on Paperclip's side, read whole so that a pod can be given a copy of it. */
import { constants } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { join, relative } from "node:path";

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

/** `room` in bytes. Throws where it cannot be read, or needs more room. */
export async function readFolder(folder: string, room: number): Promise<Folder> {
  const files: FolderFile[] = [];
  const leftOut: string[] = [];
  let cost = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue;
    const path = relative(folder, join(entry.parentPath, entry.name));
    if (!entry.isFile()) {
      leftOut.push(path);
      continue;
    }
    const file = await readFile(join(folder, path), room - cost - BYTES_OF_A_NAME);
    if (file === null) throw new Error(`it needs more than the ${room} bytes that are left for it`);
    cost += file.bytes.length + BYTES_OF_A_NAME;
    files.push({ path, ...file });
  }
  return { files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)), leftOut: leftOut.toSorted(), cost };
}

/** Null when it is larger than that. */
async function readFile(path: string, maxBytes: number): Promise<Omit<FolderFile, "path"> | null> {
  // It was a file a moment ago; should it have become a link, it is not followed.
  await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  const { size, mode } = await file.stat();
  if (size > maxBytes) return null;
  const bytes = await file.readFile();
  return bytes.length > maxBytes ? null : { bytes, executable: (mode & 0o111) !== 0 };
}
