import type { ExecEnd } from "../../../kubernetes/exec/exec.ts";
import { transcriptReader } from "../../../runner/spec.ts";
import type { Transcript } from "../assemble/transcript.ts";
import type { ContainerView } from "../read/container.ts";
import { CopyPlaces } from "./copy-places.ts";
import type { GapEnd } from "./gap-end.ts";
import type { GapSource, SourceAnswer } from "./gap-source.ts";

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

/** The runner's copy of the frames that goes with the pod: read by a program in the pod, for as long as that lives. */
export class PodCopy implements GapSource {
  readonly name = "transcript in the pod";
  readonly #options: PodCopyOptions;
  readonly #places = new CopyPlaces();
  #refused = false;

  constructor(options: PodCopyOptions) {
    this.#options = options;
  }

  async offer(
    transcript: Transcript,
    gapEnd: GapEnd,
    enough: () => boolean,
    signal: AbortSignal,
  ): Promise<SourceAnswer> {
    const { folder, run, container, onRefused } = this.#options;
    if (this.#refused || container.state() !== "running") return "absent";
    const satisfied = new AbortController();
    const start = this.#places.before(transcript);
    let head = Buffer.alloc(0);
    let take: ((chunk: Buffer) => void) | null = null;
    const hear = (bytes: Buffer): void => {
      if (take) take(bytes);
      else {
        head = Buffer.concat([head, bytes]);
        const end = head.indexOf(NEWLINE);
        if (end < 0) return;
        const offset = Number(head.toString("latin1", 0, end));
        // What lay before it is gone: nothing is known of it, and nothing can be awaited from there.
        const from = start?.offset === offset ? start : { offset, stdout: 0, stderr: 0 };
        take = this.#places.reading(from, transcript, gapEnd);
        take(head.subarray(end + 1));
      }
      if (enough()) satisfied.abort();
    };
    const end = await run(
      transcriptReader(folder, start?.offset ?? 0),
      hear,
      AbortSignal.any([signal, satisfied.signal]),
    );
    if (end.kind === "refused") {
      this.#refused = true;
      onRefused(end.error);
    }
    return answerOf(end, satisfied.signal.aborted);
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
