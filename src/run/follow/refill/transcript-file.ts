import { type FileHandle, open } from "node:fs/promises";
import type { Transcript } from "../assemble/transcript.ts";
import { CopyPlaces } from "./copy-places.ts";
import type { GapEnd } from "./gap-end.ts";
import type { GapSource, SourceAnswer } from "./gap-source.ts";

const READ_BYTES = 256 * 1024;

/** The runner's own copy of the frames, on a volume that the adapter sees too. */
export class TranscriptFile implements GapSource {
  readonly name = "transcript file";
  readonly #path: string;
  readonly #places = new CopyPlaces();

  constructor(path: string) {
    this.#path = path;
  }

  async offer(
    transcript: Transcript,
    gapEnd: GapEnd,
    enough: () => boolean,
    signal: AbortSignal,
  ): Promise<SourceAnswer> {
    let file: FileHandle;
    try {
      file = await open(this.#path, "r");
    } catch (error) {
      return isMissing(error) ? "absent" : "failed";
    }
    try {
      const start = this.#places.before(transcript) ?? { offset: 0, stdout: 0, stderr: 0 };
      const take = this.#places.reading(start, transcript, gapEnd);
      for (let at = start.offset; !enough() && !signal.aborted; ) {
        const chunk = Buffer.allocUnsafeSlow(READ_BYTES);
        const { bytesRead } = await file.read(chunk, 0, READ_BYTES, at);
        if (bytesRead === 0) break;
        at += bytesRead;
        take(chunk.subarray(0, bytesRead));
      }
      return "read";
    } catch {
      return "failed";
    } finally {
      await file.close();
    }
  }
}

function isMissing(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : null;
  return code === "ENOENT" || code === "ENOTDIR";
}
