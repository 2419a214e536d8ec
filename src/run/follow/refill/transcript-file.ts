import { type FileHandle, open } from "node:fs/promises";
import { CopyReader } from "./copy-reader.ts";
import type { GapSource, SourceAnswer } from "./gap-source.ts";
import type { Intake } from "./intake.ts";

const READ_BYTES = 256 * 1024;

/** The runner's own copy of the frames, on a volume that the adapter sees too. */
export class TranscriptFile implements GapSource {
  readonly name = "transcript file";
  readonly #path: string;
  readonly #reader = new CopyReader();

  constructor(path: string) {
    this.#path = path;
  }

  async refill(intake: Intake): Promise<SourceAnswer> {
    let file: FileHandle;
    try {
      file = await open(this.#path, "r");
    } catch (error) {
      return isMissing(error) ? "absent" : "failed";
    }
    try {
      const start = this.#reader.before(intake.transcript) ?? { offset: 0, stdout: 0, stderr: 0 };
      const take = this.#reader.reading(start, intake);
      for (let at = start.offset; !intake.signal.aborted; ) {
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
