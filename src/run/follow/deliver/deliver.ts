import type { Channel } from "../../../runner/frame.ts";
import { BATCH_BYTES } from "../assemble/batch.ts";
import { characterCut } from "./character-cut.ts";
import type { LineSink } from "./line-sink.ts";
import { Spool, type SpoolEntry } from "./spool.ts";

/** The host's `onLog`. */
export type OnLog = (stream: Channel, chunk: string) => Promise<void> | void;

export interface DeliveryOptions {
  readonly onLog: OnLog;
  /** Hears of the first fault of `onLog`; delivery goes on. */
  readonly onFault: (error: Error) => void;
  readonly onSpill: (error: Error | null) => void;
  /** Bytes that wait in memory while `onLog` is busy; more waits on disk. @default 4 MiB */
  readonly memoryBytes?: number;
  /**
   * Resolves when one call of `onLog` has taken too long; the signal says that it is not waited for any more. `hanging`:
   * an earlier call that took too long has not settled yet either.
   */
  readonly tooLong: (signal: AbortSignal, hanging: boolean) => Promise<void>;
}

/** A line of the follower's own is never in one chunk with others: whoever shows it may want to show it differently. */
const TAGS = { stdout: 0, stderr: 1, notice: 2 } as const;

/**
 * Hands lines to `onLog`: in order, one call at a time, whole lines in chunks that the host does not cut. Taking lines
 * in never waits. A call that fails or hangs is told once and passed over: the lines behind it are still offered.
 */
export class Delivery implements LineSink {
  readonly #options: DeliveryOptions;
  readonly #spool: Spool;
  #pumping: Promise<void> | null = null;
  #stopped = false;
  #faultTold = false;
  /** Calls that took too long and have not settled. */
  #hanging = 0;
  #room: (() => void)[] = [];
  readonly #abandon = new AbortController();

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#spool = new Spool(options.memoryBytes ?? 4 * 1024 * 1024, options.onSpill);
  }

  notice(line: string): void {
    if (this.#stopped) return;
    this.#spool.push(TAGS.notice, Buffer.from(`${line}\n`));
    this.#pumping ??= this.#pump();
  }

  push(channel: Channel, lines: Buffer): void {
    if (this.#stopped) return;
    if (!this.#pumping && lines.length <= BATCH_BYTES) {
      const waiting = this.#call(channel, lines.toString("utf8"));
      if (waiting) this.#pumping = waiting.then(() => this.#pump());
      return;
    }
    this.#spool.push(TAGS[channel], Buffer.from(lines));
    this.#pumping ??= this.#pump();
  }

  async room(): Promise<void> {
    while (this.#spool.overfull && !this.#stopped) await new Promise<void>((resolve) => this.#room.push(resolve));
  }

  get overfull(): boolean {
    return this.#spool.overfull;
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

  #stop(): void {
    this.#stopped = true;
    this.#wake();
    this.#abandon.abort();
  }

  async #pump(): Promise<void> {
    while (!this.#stopped && !this.#spool.empty) {
      try {
        await this.#offer(await this.#spool.take(BATCH_BYTES));
      } catch (error) {
        // A block on disk cannot be read: it is lost to the host, what follows is not.
        this.#fault(error);
      }
      if (!this.#spool.overfull) this.#wake();
    }
    this.#pumping = null;
  }

  async #offer(entries: readonly SpoolEntry[]): Promise<void> {
    const [first] = entries;
    if (!first) return;
    const lines = entries.length === 1 ? first.bytes : Buffer.concat(entries.map((entry) => entry.bytes));
    const channel = first.tag === TAGS.stderr ? "stderr" : "stdout";
    for (let at = 0; at < lines.length && !this.#stopped; ) {
      const end = at + characterCut(lines.subarray(at), BATCH_BYTES);
      await this.#call(channel, lines.toString("utf8", at, end));
      at = end;
    }
  }

  /** Undefined when `onLog` is done at once; otherwise a promise that never rejects. */
  #call(channel: Channel, chunk: string): Promise<void> | undefined {
    try {
      const settled = this.#options.onLog(channel, chunk);
      return isThenable(settled) ? this.#settle(Promise.resolve(settled)) : undefined;
    } catch (error) {
      this.#fault(error);
      return undefined;
    }
  }

  async #settle(settled: Promise<void>): Promise<void> {
    const waiting = new AbortController();
    const stop = () => waiting.abort();
    this.#abandon.signal.addEventListener("abort", stop, { once: true });
    const late = this.#options.tooLong(waiting.signal, this.#hanging > 0).then(
      () => "late" as const,
      () => "stopped" as const,
    );
    try {
      const outcome = await Promise.race([settled.then(() => "settled" as const), late]);
      if (outcome === "late") this.#passOver(settled);
      else if (outcome === "stopped") settled.catch(() => undefined);
    } catch (error) {
      this.#fault(error);
    } finally {
      waiting.abort();
      this.#abandon.signal.removeEventListener("abort", stop);
    }
  }

  #passOver(settled: Promise<void>): void {
    this.#hanging++;
    const back = (): void => {
      this.#hanging--;
    };
    settled.then(back, back);
    this.#fault(new Error("onLog did not settle in time"));
  }

  #fault(error: unknown): void {
    if (this.#faultTold) return;
    this.#faultTold = true;
    this.#options.onFault(error instanceof Error ? error : new Error(String(error)));
  }

  #wake(): void {
    const waiting = this.#room;
    this.#room = [];
    for (const resolve of waiting) resolve();
  }
}

function isThenable(value: unknown): value is PromiseLike<void> {
  return typeof value === "object" && value !== null && "then" in value;
}
