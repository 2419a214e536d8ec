import type { ExecEnd } from "../../../kubernetes/exec/exec.ts";
import { transcriptReader } from "../../../runner/spec.ts";
import type { ContainerView } from "../read/container.ts";
import { CopyReader } from "./copy-reader.ts";
import type { GapSource, SourceAnswer } from "./gap-source.ts";
import type { Intake } from "./intake.ts";

/** Runs a program in the pod and hands over what it prints. Errors are values; aborting the signal ends it. */
export type RunInPod = (
  command: readonly [string, ...string[]],
  onStdout: (bytes: Buffer) => void,
  signal: AbortSignal,
) => Promise<ExecEnd>;

export interface PodCopyOptions {
  /** Of the pod. */
  readonly folder: string;
  readonly run: RunInPod;
  readonly container: Pick<ContainerView, "state">;
  /** Called once: nothing is asked for after it. */
  readonly onRefused: (error: Error) => void;
}

const NEWLINE = 0x0a;
/** Bytes of the first line, at most: a number. What prints more is not the program that was asked for. */
const HEAD_BYTES = 32;
/** Bytes of one answer, at most: twice what the runner keeps. */
const MAX_BYTES = 128 * 1024 * 1024;

/** The runner's copy of the frames that goes with the pod: read by a program in the pod, for as long as that lives. */
export class PodCopy implements GapSource {
  readonly name = "transcript in the pod";
  readonly #options: PodCopyOptions;
  readonly #reader = new CopyReader();
  #refused = false;

  constructor(options: PodCopyOptions) {
    this.#options = options;
  }

  async refill(intake: Intake): Promise<SourceAnswer> {
    const { folder, run, container, onRefused } = this.#options;
    if (this.#refused || container.state() !== "running") return "absent";
    const start = this.#reader.before(intake.transcript);
    let head = Buffer.alloc(0);
    let heardBytes = 0;
    const tooMuch = new AbortController();
    let take: ((chunk: Buffer) => boolean) | null = null;
    const hear = (bytes: Buffer): void => {
      heardBytes += bytes.length;
      if (heardBytes > MAX_BYTES) tooMuch.abort();
      if (tooMuch.signal.aborted) return;
      if (take) {
        if (!take(bytes)) tooMuch.abort();
        return;
      }
      head = Buffer.concat([head, bytes]);
      const end = head.indexOf(NEWLINE);
      if (end > HEAD_BYTES || (end < 0 && head.length > HEAD_BYTES)) tooMuch.abort();
      if (end < 0 || tooMuch.signal.aborted) return;
      const offset = Number(head.toString("latin1", 0, end));
      // What lay before it is gone: nothing is known of it, and nothing can be awaited from there.
      const from = start?.offset === offset ? start : { offset, stdout: 0, stderr: 0 };
      take = this.#reader.reading(from, intake);
      take(head.subarray(end + 1));
    };
    const end = await run(
      transcriptReader(folder, start?.offset ?? 0),
      hear,
      AbortSignal.any([intake.signal, tooMuch.signal]),
    );
    if (end.kind === "refused") {
      this.#refused = true;
      onRefused(end.error);
    }
    return answerOf(end, intake.satisfied);
  }
}

function answerOf(end: ExecEnd, satisfied: boolean): SourceAnswer {
  switch (end.kind) {
    case "exited":
      return end.exitCode === 0 ? "read" : "failed";
    case "aborted":
      return satisfied ? "read" : "failed";
    case "gone":
    case "refused":
      return "absent";
    case "failed":
      return "failed";
  }
}
