/** The log of a container that is no process: what the runner would have written, with stamps, in memory. */
import type { ReadOptions } from "../../../devcluster/src/node/logs/read.ts";
import { createStamper } from "../../../devcluster/src/node/logs/stamp.ts";
import type { Clock } from "../../../devcluster/src/types.ts";

const NEWLINE = 10;
/** `2026-11-22T07:23:14.988051761Z` and a space. */
const STAMP_BYTES = 31;
/** As the kubelet does by default: then only what comes after is served. */
const ROTATION_BYTES = 10 * 1024 * 1024;

export class SimulatedLog {
  /** When the container ended, by `performance.now`; undefined while it runs. */
  endedAt: number | undefined;
  /** Each with its stamp and its newline. */
  lines: Buffer[] = [];
  /** How often `lines` has become another list. */
  rotations = 0;
  #bytes = 0;
  readonly #stamp: () => string;
  readonly #waiting = new Set<() => void>();

  constructor(clock: Clock) {
    this.#stamp = createStamper(clock);
  }

  /** Whole lines. */
  write(chunk: Buffer): void {
    for (let start = 0; start < chunk.length; ) {
      const end = chunk.indexOf(NEWLINE, start) + 1;
      this.#add(chunk.subarray(start, end));
      start = end;
    }
    this.#wake();
  }

  end(): void {
    this.endedAt ??= performance.now();
    this.#wake();
  }

  /** Resolves at the next change, or at the abort. */
  changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiting.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#waiting.add(done);
      signal.addEventListener("abort", done, { once: true });
    });
  }

  #add(line: Buffer): void {
    if (this.#bytes > ROTATION_BYTES) {
      this.lines = [];
      this.#bytes = 0;
      this.rotations += 1;
    }
    this.lines.push(Buffer.concat([Buffer.from(`${nineDigits(this.#stamp())} `), line]));
    this.#bytes += STAMP_BYTES + line.length;
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done();
  }
}

/** What `pods/log` answers; a follow ends some time after the container. */
export async function* readSimulatedLog(
  log: SimulatedLog,
  options: ReadOptions,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  let left = options.limitBytes ?? Number.POSITIVE_INFINITY;
  let { rotations } = log;
  let next = options.tailLines === undefined ? 0 : Math.max(0, log.lines.length - options.tailLines);
  let last = false;
  while (!signal.aborted && left > 0) {
    if (log.rotations !== rotations) {
      rotations = log.rotations;
      next = 0;
    }
    const answer = answerOf(log.lines.slice(next), options).subarray(0, Math.min(left, Number.MAX_SAFE_INTEGER));
    next = log.lines.length;
    left -= answer.length;
    if (answer.length > 0) yield answer;
    if (!options.follow || last) return;
    if (log.endedAt === undefined) {
      if (next === log.lines.length && log.rotations === rotations) await log.changed(signal);
    } else {
      await pause(log.endedAt + options.followEnd - performance.now(), signal);
      last = true;
    }
  }
}

function answerOf(lines: readonly Buffer[], { since, timestamps }: ReadOptions): Buffer {
  const from = since === undefined ? "" : new Date(since * 1000).toISOString().slice(0, 19);
  const young = from === "" ? lines : lines.filter((line) => line.toString("latin1", 0, from.length) >= from);
  return Buffer.concat(timestamps ? young : young.map((line) => line.subarray(STAMP_BYTES)));
}

/** A log file drops trailing zeros, the kubelet writes them. */
function nineDigits(stamp: string): string {
  const [seconds = "", fraction = ""] = stamp.slice(0, -1).split(".");
  return `${seconds}.${fraction.padEnd(9, "0")}Z`;
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, Math.max(0, milliseconds));
    signal.addEventListener("abort", done, { once: true });
  });
}
