import type { AgentEnd } from "./agent.ts";
import { fitSeal } from "./fit-seal.ts";
import { SEAL_MARK } from "./frame.ts";
import { FrameWriter } from "./frame-writer.ts";
import { FrameBlock } from "./line-frames.ts";
import { StderrRecord, StdoutRecord } from "./output-record.ts";
import { PartialSeal } from "./partial-seal.ts";
import type { Seal, WorkspaceLeft } from "./seal.ts";
import { SealFile } from "./seal-file.ts";
import { TooLate, withTimeout } from "./timer.ts";
import { openTranscriptCopy } from "./transcript-copy.ts";

/** A volume that does not answer must not keep the container of a finished agent. Milliseconds. */
export const LAST_WRITES_MS = 10_000;
const TRANSCRIPT_LOST = "the transcript could not be kept: ";

const sealLine = (seal: Seal): Buffer => Buffer.from(`${SEAL_MARK}${fitSeal(seal)}\n`);

/** The record of a run: the agent's output as frames, in the log and in the transcript copy, and the seal. */
export class Recording {
  readonly stdout: StdoutRecord;
  readonly stderr: StderrRecord;
  /** True when a volume did not answer: `process.exit` would wait for the thread that hangs in the write (measured). */
  hangs = false;
  readonly #sealFile: SealFile;
  readonly #log = new FrameWriter(1);
  readonly #transcript: FrameWriter | null;
  readonly #startedAt = Date.now();
  readonly #partialSeal: PartialSeal;
  readonly #faults: string[] = [];
  readonly #sealsLog: boolean;
  #freshSession: Pick<Seal, "freshSession"> = {};

  /**
   * @param transcriptPath see `containerCommand`. @default no copy
   * @param sealsLog whatever the end is, the seal is the log's last line too: see SEAL_MARK. @default after a stop only
   */
  constructor(terminationLog: string, transcriptPath?: string, sealsLog = false) {
    this.#sealsLog = sealsLog;
    this.#sealFile = new SealFile(terminationLog);
    this.#transcript = transcriptPath === undefined ? null : openTranscriptCopy(transcriptPath);
    const frames = new FrameBlock((bytes) => {
      for (const writer of this.writers) writer.push(bytes);
    });
    this.stdout = new StdoutRecord(frames, () => this.#partialSeal.refresh());
    this.stderr = new StderrRecord(frames);
    this.#partialSeal = new PartialSeal(this.#sealFile, this.#startedAt, () => ({
      ...this.#freshSession,
      agent: this.stdout.events.facts.known,
    }));
    this.#partialSeal.refresh();
  }

  get writers(): readonly FrameWriter[] {
    return this.#transcript ? [this.#log, this.#transcript] : [this.#log];
  }

  freshSession(fresh: NonNullable<Seal["freshSession"]>): void {
    this.#freshSession = { freshSession: fresh };
    this.#partialSeal.refresh();
  }

  /** A sentence of the runner itself, among the agent's stderr. */
  report(message: string): void {
    this.stderr.push(Buffer.from(`runner: ${message}\n`));
  }

  /**
   * Seals, and once more when all is written. Only once.
   *
   * @param workspace what is left in it; never rejects
   */
  async finish(
    end: AgentEnd,
    bringHome?: Promise<void>,
    workspace?: Promise<WorkspaceLeft | undefined>,
  ): Promise<void> {
    this.#partialSeal.stop();
    if (this.#sealFile.failure) this.report(`cannot write the termination message: ${this.#sealFile.failure.message}`);
    let seal: Seal = {
      v: 1,
      runner: "node",
      ...end,
      ...this.#freshSession,
      startedAt: this.#startedAt,
      endedAt: Date.now(),
      stdout: this.stdout.end(),
      stderr: this.stderr.end(),
      agent: this.stdout.events.facts.known,
    };
    // Before the last frames are out: should the log stall now and the pod be killed, the seal says what is missing.
    this.#sealFile.write(this.#withFaults(seal));
    const left = await workspace;
    if (left) seal = { ...seal, workspace: left };
    if (end.ending === "terminated" || this.#sealsLog) this.#log.push(sealLine(this.#withFaults(seal)));
    await Promise.all([
      this.#log.flushed(),
      this.#lastWrite(TRANSCRIPT_LOST, this.#transcript?.flushed()),
      this.#lastWrite("the changes to Claude Code's configuration were not kept: ", bringHome),
    ]);
    this.#sealFile.write(this.#withFaults(seal));
  }

  /** What fails here is told; the agent's work is done. */
  async #lastWrite(failed: string, work: Promise<void> | undefined): Promise<void> {
    try {
      if (work) await withTimeout(LAST_WRITES_MS, work);
    } catch (error) {
      this.hangs ||= error instanceof TooLate;
      this.#faults.push(`${failed}${(error as Error).message}`);
    }
  }

  #withFaults(seal: Seal): Seal {
    const all = [
      seal.error,
      this.#log.failure && `the log could not be written: ${this.#log.failure.message}`,
      this.#transcript?.failure && `${TRANSCRIPT_LOST}${this.#transcript.failure.message}`,
      ...this.#faults,
    ].filter((fault) => typeof fault === "string");
    return all.length === 0 ? seal : { ...seal, error: all.join("; ") };
  }
}
