import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { GuardedFileError, openGuarded, realFolderOf } from "../../../files/guarded-file.ts";
import { CopyReader } from "./copy-reader.ts";
import type { GapSource, SourceAnswer } from "./gap-source.ts";
import type { Intake } from "./intake.ts";

const READ_BYTES = 256 * 1024;

/**
 * The runner's own copy of the frames, on a volume that the adapter sees too. So do pods: what lies there may be a link, a
 * pipe, or a file that no runner wrote.
 */
export class TranscriptFile implements GapSource {
  readonly name = "transcript file";
  readonly #path: string;
  readonly #home: string;
  readonly #reader = new CopyReader();

  /** @param home the folder above it whose path is Paperclip's own; what lies between may be replaced by pods */
  constructor(path: string, home = dirname(path)) {
    this.#path = path;
    this.#home = home;
  }

  async refill(intake: Intake): Promise<SourceAnswer> {
    let file: FileHandle;
    try {
      file = await openGuarded(this.#path, { links: false, below: await realFolderOf(this.#path, this.#home) });
    } catch (error) {
      return isPassing(error) ? "failed" : "absent";
    }
    try {
      const start = this.#reader.before(intake.transcript) ?? { offset: 0, stdout: 0, stderr: 0 };
      const take = this.#reader.reading(start, intake);
      for (let at = start.offset; !intake.signal.aborted; ) {
        const chunk = Buffer.allocUnsafeSlow(READ_BYTES);
        const { bytesRead } = await file.read(chunk, 0, READ_BYTES, at);
        if (bytesRead === 0) break;
        at += bytesRead;
        if (!take(chunk.subarray(0, bytesRead))) return "absent";
      }
      return "read";
    } catch {
      return "failed";
    } finally {
      await file.close();
    }
  }
}

/** Nothing comes of asking again for what is not there, or is no file. */
function isPassing(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : null;
  return code === "TIMEOUT" || (!(error instanceof GuardedFileError) && !FINAL.has(code));
}

const FINAL: ReadonlySet<unknown> = new Set(["ENOENT", "ENOTDIR", "ELOOP"]);
