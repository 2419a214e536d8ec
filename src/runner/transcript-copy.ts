import { mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { FrameWriter } from "./frame-writer.ts";

/** Opens the copy of the frames for appending, readable to the volume's group; its folder is made when missing. */
export function openTranscriptCopy(path: string): FrameWriter {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
    return new FrameWriter(openSync(path, "a", 0o640));
  } catch (error) {
    const writer = new FrameWriter(-1);
    writer.failure = error as Error;
    return writer;
  }
}
