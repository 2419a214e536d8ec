import type { Clock } from "../../../src/kubernetes/clock.ts";
import type { LogOpening, LogRequest } from "../../../src/run/follow/read/log-source.ts";

const REMOVED = "unable to retrieve container logs for containerd://3f2a";
const NO_WATCHER = "failed to create fsnotify watcher: too many open files";

interface Entry {
  /** Nanoseconds since 1970. */
  readonly at: bigint;
  readonly text: Buffer;
}

/** How one stream misbehaves. */
export interface Fault {
  /** Bytes after which it happens. */
  readonly after: number;
  /**
   * `cut` the connection breaks; `clean` it ends in order too early; `text` so, behind an error text; `stall`; `drip` a
   * byte each second, for ever; `unfollowed` the node has no inotify instance left.
   */
  readonly how: "cut" | "clean" | "text" | "stall" | "drip" | "unfollowed";
}

/**
 * The log API as measured on 1.36: whole-second `sinceTime` that filters each line by its stamp, only the newest file
 * for a new request, an open stream that reads on through rotated files, bodies that end cleanly whatever happened.
 */
export class SimulatedNode {
  /** Files of the log, the newest last. */
  #files: Entry[][] = [[]];
  #ended = false;
  #gone = false;
  #skewMs = 0;
  #wake: (() => void)[] = [];
  #streams = new Set<{ skip: number }>();
  /** What the next streams do. */
  readonly faults: Fault[] = [];
  /** What the next requests get in place of an answer. */
  readonly refusals: {
    readonly kind: "failed" | "not-yet" | "gone" | "refused";
    readonly retryAfterMs?: number;
    readonly status?: number;
  }[] = [];
  readonly requests: LogRequest[] = [];
  /** What an ended container left behind its last newline. */
  writeUnfinished: Buffer | null = null;
  chunkBytes = 1000;
  /** Milliseconds until an answer's first byte. */
  delayMs = 0;
  /** Requests get no answer: the client gives each up after half a minute. */
  unreachable = false;
  /** The node has removed the container, as after an eviction: each answer is a text about that. */
  removed = false;
  readonly #clock: Clock;
  #tie = false;
  #frozenAt: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The node's clock is set. */
  stepClock(ms: number): void {
    this.#skewMs += ms;
  }

  /** From now on lines that are written together have the same stamp. */
  tieStamps(): void {
    this.#tie = true;
  }

  /** From now on every line has the stamp of this moment. */
  freezeStamps(): void {
    this.#frozenAt = this.#clock.now();
  }

  #count = 0n;
  write(text: Buffer): void {
    const ns = this.#tie || this.#frozenAt !== null ? 0n : (this.#count++ * 1501n) % 1_000_000n;
    const at = BigInt((this.#frozenAt ?? this.#clock.now()) + this.#skewMs) * 1_000_000n + ns;
    this.#files.at(-1)?.push({ at, text });
    this.#notify();
  }

  /** Lines before this point are out of reach of new requests; open streams lose `inFlight` lines of the old file. */
  rotate(inFlight = 0): void {
    this.#files.push([]);
    for (const stream of this.#streams) stream.skip += inFlight;
    this.#notify();
  }

  end(): void {
    this.#ended = true;
    this.#notify();
  }

  delete(): void {
    this.#gone = true;
  }

  /** What said that there is no such pod was wrong. */
  restore(): void {
    this.#gone = false;
  }

  open = async (request: LogRequest, signal: AbortSignal): Promise<LogOpening> => {
    this.requests.push(request);
    await this.#clock.sleep(2, signal).catch(() => undefined);
    if (signal.aborted) return { kind: "aborted" };
    if (this.#gone) return { kind: "gone", error: new Error("pods not found") };
    if (this.unreachable) {
      await this.#clock.sleep(30_000, signal).catch(() => undefined);
      return signal.aborted ? { kind: "aborted" } : { kind: "failed", error: new Error("no answer within 30 s") };
    }
    const refusal = this.refusals.shift();
    if (refusal) {
      const { kind, ...rest } = refusal;
      return { kind, error: Object.assign(new Error("the server is busy"), { kind: "status", ...rest }) };
    }
    const fault = this.faults.shift() ?? null;
    let settle: (end: "clean" | "broken" | "aborted") => void = () => undefined;
    const end = new Promise<"clean" | "broken" | "aborted">((resolve) => {
      settle = resolve;
    }).then((how) =>
      how === "broken" ? ({ end: "broken", error: new Error("ECONNRESET") } as const) : ({ end: how } as const),
    );
    return { kind: "open", body: this.#body(request, fault, signal, settle), end };
  };

  async *#body(
    request: LogRequest,
    fault: Fault | null,
    signal: AbortSignal,
    settle: (end: "clean" | "broken" | "aborted") => void,
  ): AsyncGenerator<Buffer, void, void> {
    let how: "clean" | "broken" | "aborted" = "aborted";
    let left = fault ? fault.after : Number.POSITIVE_INFINITY;
    try {
      if (this.removed) {
        how = "clean";
        yield Buffer.from(REMOVED);
        return;
      }
      if (this.delayMs > 0) await this.#clock.sleep(this.delayMs, signal).catch(() => undefined);
      const unfollowed = request.follow && fault?.how === "unfollowed";
      for await (const part of this.#parts(unfollowed ? { ...request, follow: false } : request, signal)) {
        for (let at = 0; at < part.length; at += this.chunkBytes) {
          const chunk = part.subarray(at, Math.min(at + this.chunkBytes, part.length));
          const stop = chunk.length >= left ? stopIn(chunk, left, fault) : -1;
          if (stop >= 0) {
            yield Buffer.from(chunk.subarray(0, stop));
            how = yield* this.#fail(fault, signal);
            return;
          }
          left = Math.max(0, left - chunk.length);
          yield Buffer.from(chunk);
          if (signal.aborted) return;
        }
      }
      if (unfollowed) yield Buffer.from(NO_WATCHER);
      if (!signal.aborted) how = "clean";
    } finally {
      settle(how);
    }
  }

  async *#fail(fault: Fault | null, signal: AbortSignal): AsyncGenerator<Buffer, "clean" | "broken" | "aborted", void> {
    switch (fault?.how) {
      case "stall":
        await new Promise<void>((resolve) => {
          signal.addEventListener("abort", () => resolve(), { once: true });
          if (signal.aborted) resolve();
        });
        return "aborted";
      case "drip":
        while (!signal.aborted) {
          yield Buffer.from("x");
          await this.#clock.sleep(1000, signal).catch(() => undefined);
        }
        return "aborted";
      case "text":
        yield Buffer.from(NO_WATCHER);
        return "clean";
      case "clean":
      case "unfollowed":
        return "clean";
      case "cut":
      case undefined:
        return "broken";
    }
  }

  /** The answer's bytes as they become available. */
  async *#parts(request: LogRequest, signal: AbortSignal): AsyncGenerator<Buffer, void, void> {
    const stream = { skip: 0 };
    this.#streams.add(stream);
    const since = request.sinceTime === undefined ? null : BigInt(Date.parse(request.sinceTime)) * 1_000_000n;
    let file = this.#files.length - 1;
    const length = this.#files[file]?.length ?? 0;
    const stopAt = request.follow ? Number.POSITIVE_INFINITY : length;
    let next = request.tailLines === undefined ? 0 : Math.max(0, length - request.tailLines);
    try {
      while (!signal.aborted) {
        const entries = this.#files[file] ?? [];
        const lines: Buffer[] = [];
        for (; next < entries.length && next < stopAt; next++) {
          const entry = entries[next];
          if (stream.skip > 0 && file < this.#files.length - 1) stream.skip--;
          else if (entry && (since === null || entry.at >= since)) lines.push(lineOf(entry));
        }
        if (lines.length > 0) yield Buffer.concat(lines);
        if (!request.follow) {
          if (this.writeUnfinished)
            yield lineOf({ at: entries.at(-1)?.at ?? 0n, text: this.writeUnfinished }).subarray(0, -1);
          return;
        }
        if (next < entries.length) continue;
        if (this.#ended) {
          // The kubelet looks once a second whether the container still runs, and stops at the end of the file it holds.
          await this.#clock.sleep(1000, signal).catch(() => undefined);
          if (next >= entries.length) return;
        } else if (file < this.#files.length - 1) {
          file++;
          next = 0;
          stream.skip = 0;
        } else await this.#change(signal);
      }
    } finally {
      this.#streams.delete(stream);
    }
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#wake.push(resolve);
      signal.addEventListener("abort", () => resolve(), { once: true });
      if (signal.aborted) resolve();
    });
  }

  #notify(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }
}

/** Where a stream stops in this chunk; the kubelet writes whole lines before a text of its own. */
function stopIn(chunk: Buffer, left: number, fault: Fault | null): number {
  if (fault?.how !== "text") return left;
  const newline = chunk.indexOf("\n", left);
  return newline < 0 ? -1 : newline + 1;
}

function lineOf({ at, text }: Entry): Buffer {
  const second = new Date(Number(at / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  const nanos = String(at % 1_000_000_000n).padStart(9, "0");
  return Buffer.concat([Buffer.from(`${second}.${nanos}Z `), text, Buffer.from("\n")]);
}
