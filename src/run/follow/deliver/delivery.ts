import { bytes as readable } from "../../../format/numbers.ts";
import { BATCH_BYTES } from "../assemble/batch.ts";
import type { LineBlock, LineSink } from "../assemble/line-sink.ts";
import type { Missing } from "../assemble/missing.ts";
import { characterCut } from "./character-cut.ts";
import { HostCalls, type HostCallsOptions, type Outcome } from "./host-calls.ts";
import { markImitations } from "./imitations.ts";
import { Spool, type SpoolEntry } from "./spool.ts";
import { type LineRange, Undelivered } from "./undelivered.ts";

export interface DeliveryOptions extends HostCallsOptions {
  /** Called with the first fault of `onLog`; delivery goes on. */
  readonly onFault: (error: Error) => void;
  readonly onSpill: (error: Error | null) => void;
  /**
   * Bytes of the agent's lines that the host is given: the lines behind count as undelivered. Paperclip keeps what it is given,
   * on the disk that has its database.
   */
  readonly maxBytes: number;
  /** The host gets no more lines from here on, and is told so in this sentence. */
  readonly onFull?: (message: string) => void;
  /** Bytes that wait in memory while `onLog` is busy; more waits on disk. @default 4 MiB */
  readonly memoryBytes?: number;
}

/** A line of the follower's own is never in one chunk with the agent's: the host may show it differently. */
const TAGS = { stdout: 0, stderr: 1, notice: 2 } as const;

const RULE = "limits.transcriptBytes of the operator's policy";

const NO_NUMBERS = { from: 0, to: 0 };
const LATE = "Paperclip did not answer in time whether it took them";
const NEVER_OFFERED = "the run ended before Paperclip took them";
const NOT_READ_BACK = "they waited on disk for Paperclip and could not be read back";

/**
 * Hands lines to `onLog`: in order, one call at a time, whole lines in chunks that the host does not cut. Taking lines
 * in never waits. A call that fails or hangs is reported once and skipped: the lines behind it are still offered. Which
 * lines the host does not have is known by their numbers.
 */
export class Delivery implements LineSink {
  readonly #options: DeliveryOptions;
  readonly #spool: Spool;
  readonly #host: HostCalls;
  readonly #undelivered = new Undelivered();
  /** Lines of calls that took too long: taken, if they settle after all. */
  readonly #late = new Set<LineRange>();
  #pumping: Promise<void> | null = null;
  #stopped = false;
  #faultReported = false;
  #awaitingRoom: (() => void)[] = [];
  #bytes = 0;
  #full = false;
  readonly #beyond = new Beyond();

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#host = new HostCalls(options);
    this.#spool = new Spool(options.memoryBytes ?? 4 * 1024 * 1024, options.onSpill);
  }

  notice(line: string): void {
    if (this.#stopped) return;
    this.#spool.push({ tag: TAGS.notice, ...NO_NUMBERS, bytes: Buffer.from(`${line}\n`) });
    this.#pumping ??= this.#pump();
  }

  push({ channel, bytes: written, from, to, objects = false }: LineBlock): void {
    if (!this.#hasRoomFor(written.length)) {
      this.#beyond.push({ channel, from, to });
      return;
    }
    const bytes = channel === "stdout" && !objects ? markImitations(written) : written;
    if (this.#stopped) {
      this.#undelivered.wait({ channel, from, to });
      return;
    }
    if (!this.#pumping && bytes.length <= BATCH_BYTES) {
      const outcome = this.#host.call(channel, bytes.toString("utf8"));
      const lines = { channel, from, to };
      if (outcome instanceof Promise) {
        this.#undelivered.wait(lines);
        this.#pumping = outcome.then((settled) => this.#recordOutcomes([lines], [settled])).then(() => this.#pump());
      } else if (outcome.kind !== "taken") this.#recordOutcomes([lines], [outcome]);
      return;
    }
    this.#undelivered.wait({ channel, from, to });
    // A marked block is a copy already.
    this.#spool.push({ tag: TAGS[channel], from, to, bytes: bytes === written ? Buffer.from(bytes) : bytes });
    this.#pumping ??= this.#pump();
  }

  get overfull(): boolean {
    return this.#spool.overfull;
  }

  async room(): Promise<void> {
    while (this.#spool.overfull && !this.#stopped)
      await new Promise<void>((resolve) => this.#awaitingRoom.push(resolve));
  }

  /** Resolves when everything was offered, or the signal aborted; then removes what is on disk. */
  async finish(signal: AbortSignal): Promise<void> {
    const stop = () => this.#stop();
    if (signal.aborted) this.#stop();
    signal.addEventListener("abort", stop, { once: true });
    while (this.#pumping) await this.#pumping;
    signal.removeEventListener("abort", stop);
    this.#stop();
    await this.#spool.close();
  }

  /** What was taken in and the host does not have; to be asked for at the end. `lines`: of stdout. */
  undelivered(): { readonly gaps: readonly Missing[]; readonly lines: number } {
    for (const lines of this.#beyond.ranges())
      this.#undelivered.refuse(lines, `the page holds no more of a run: ${RULE}`);
    for (const lines of this.#late) this.#undelivered.refuse(lines, LATE);
    this.#late.clear();
    return this.#undelivered.report(NEVER_OFFERED);
  }

  #hasRoomFor(bytes: number): boolean {
    if (this.#full) return false;
    this.#bytes += bytes;
    const { maxBytes, onFull } = this.#options;
    this.#full = this.#bytes > maxBytes;
    if (this.#full) {
      const message = `The page holds no more than ${readable(maxBytes)} of a run (${RULE}): from here on its lines are counted and hashed, not shown`;
      this.notice(`[paperclip] ${message}`);
      onFull?.(message);
    }
    return !this.#full;
  }

  #stop(): void {
    this.#stopped = true;
    this.#releaseWaiters();
    this.#host.abandon();
  }

  async #pump(): Promise<void> {
    while (!this.#stopped && !this.#spool.empty) {
      try {
        await this.#offer(await this.#spool.take(BATCH_BYTES));
      } catch (error) {
        // A block on disk cannot be read: it is lost to the host, what follows is not.
        this.#fault(error instanceof Error ? error : new Error(String(error)));
      }
      if (!this.#spool.overfull) this.#releaseWaiters();
    }
    this.#pumping = null;
  }

  async #offer(entries: readonly SpoolEntry[]): Promise<void> {
    const [first] = entries;
    if (!first) return;
    const bytes = entries.length === 1 ? first.bytes : Buffer.concat(entries.map((entry) => entry.bytes));
    const channel = first.tag === TAGS.stderr ? "stderr" : "stdout";
    const outcomes: Outcome[] = [];
    for (let at = 0; at < bytes.length; ) {
      if (this.#stopped) return;
      const end = at + characterCut(bytes.subarray(at), BATCH_BYTES);
      outcomes.push(await this.#host.call(channel, bytes.toString("utf8", at, end)));
      at = end;
    }
    const lines = entries.map(({ from, to }) => ({ channel, from, to }) as const);
    this.#recordOutcomes(lines, outcomes);
  }

  /** These lines were offered, in one or several calls. */
  #recordOutcomes(ranges: readonly LineRange[], outcomes: readonly Outcome[]): void {
    for (const outcome of outcomes) {
      // The lines stay undelivered.
      if (outcome.kind === "abandoned") return;
      if (outcome.kind === "refused") this.#fault(outcome.error);
      if (outcome.kind === "late") this.#fault(new Error("onLog did not settle in time"));
    }
    const numbered = ranges.filter(({ from }) => from > 0);
    for (const range of numbered) this.#undelivered.leave(range, NOT_READ_BACK);
    const refused = outcomes.find((outcome) => outcome.kind === "refused");
    if (refused) for (const range of numbered) this.#undelivered.refuse(range, whyRefused(refused.error));
    else this.#awaitLate(numbered, outcomes);
  }

  #awaitLate(ranges: readonly LineRange[], outcomes: readonly Outcome[]): void {
    const late = outcomes.filter((outcome) => outcome.kind === "late");
    if (late.length === 0) return;
    for (const range of ranges) this.#late.add(range);
    void Promise.all(late.map(({ settled }) => settled)).then((errors) => {
      const error = errors.find((each) => each !== null);
      for (const range of ranges) {
        if (this.#late.delete(range) && error) this.#undelivered.refuse(range, whyRefused(error));
      }
    });
  }

  #fault(error: Error): void {
    if (this.#faultReported) return;
    this.#faultReported = true;
    this.#options.onFault(error);
  }

  #releaseWaiters(): void {
    const waiting = this.#awaitingRoom;
    this.#awaitingRoom = [];
    for (const resolve of waiting) resolve();
  }
}

function whyRefused({ message }: Error): string {
  return `Paperclip did not take them: ${message}`;
}

/** The lines behind a bound: those of a channel follow each other. */
class Beyond {
  readonly #ranges = new Map<LineRange["channel"], LineRange>();

  push({ channel, from, to }: LineRange): void {
    if (from > 0) this.#ranges.set(channel, { channel, from: this.#ranges.get(channel)?.from ?? from, to });
  }

  ranges(): Iterable<LineRange> {
    return this.#ranges.values();
  }
}
