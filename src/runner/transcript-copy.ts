import { mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { FrameWriter } from "./frame-writer.ts";
import { openTranscriptFolder } from "./transcript-folder.ts";

/** Opens the copy of the frames, readable to the volume's group: a file, made with its folder, or a bounded folder. */
export function openTranscriptCopy(path: string): FrameWriter {
  try {
    if (path.endsWith("/")) return openTranscriptFolder(path);
    mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
    return new FrameWriter(openSync(path, "a", 0o640));
  } catch (error) {
    const writer = new FrameWriter(-1);
    writer.failure = error as Error;
    return writer;
  }
}
