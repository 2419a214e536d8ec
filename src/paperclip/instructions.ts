/** The agent's instructions: the file that Paperclip keeps for it, and the files beside it that it may refer to. */
import { isAbsolute, relative } from "node:path";
import { type FolderFile, readFolder } from "./folder.ts";
import { text } from "./wake.ts";

export interface Instructions {
  /** Where Paperclip has the file. */
  readonly path: string;
  readonly text: string;
  /** The folder that Paperclip manages for it, the file itself included; null when there is none. */
  readonly folder: { readonly path: string; readonly files: readonly FolderFile[]; readonly cost: number } | null;
}

export interface ReadInstructions {
  readonly instructions: Instructions | null;
  readonly notes: readonly string[];
}

/** `room` in bytes. What cannot be read is named, and the run goes on without it. */
export async function readInstructions(
  config: Readonly<Record<string, unknown>>,
  readFile: (path: string) => Promise<string>,
  room: number,
): Promise<ReadInstructions> {
  const path = text(config.instructionsFilePath);
  if (!path) return { instructions: null, notes: [] };
  try {
    const content = await readFile(path);
    const { folder, notes } = await readBundle(text(config.instructionsRootPath), path, room);
    return { instructions: { path, text: content, folder }, notes };
  } catch (error) {
    return {
      instructions: null,
      notes: [`The instructions file cannot be read, the run goes on without it: ${reason(error)}`],
    };
  }
}

async function readBundle(root: string | null, path: string, room: number) {
  const entry = root === null ? ".." : relative(root, path);
  // A file elsewhere may have anything beside it.
  if (root === null || entry.startsWith("..") || isAbsolute(entry)) return { folder: null, notes: [] };
  try {
    const { leftOut, ...folder } = await readFolder(root, room);
    const notes = leftOut.map((name) => `${name} of the agent's instructions is not in the pod: it is no plain file`);
    return { folder: { path: root, ...folder }, notes };
  } catch (error) {
    return { folder: null, notes: [`The files beside the instructions are not in the pod: ${reason(error)}`] };
  }
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
