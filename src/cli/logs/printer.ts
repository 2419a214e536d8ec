/** Prints a transcript as it comes: the adapter's own follower hands it over in whole lines, each once and in order. */
import picocolors from "picocolors";
import { type FormatOptions, formatLine, formatStderr } from "../../format/format-line.ts";
import type { LineBlock, LineSink, TranscriptSink } from "../../run/follow/follow.ts";
import type { Evidence } from "../../run/observe/observe.ts";
import type { Waiting } from "../terminal/waiting.ts";

export type Form = "words" | "stream-json" | "json";

const NEWLINE = 0x0a;
/** Bytes that wait for a slow reader, above which the log is read no further. */
const MOST_WAITING = 1024 * 1024;

export class TranscriptPrinter implements TranscriptSink {
  readonly #form: Form;
  readonly #format: FormatOptions;
  readonly #tell: (message: string) => void;
  readonly #waiting: Waiting;

  constructor(
    { form, all }: { readonly form: Form; readonly all: boolean },
    tell: (message: string) => void,
    waiting: Waiting,
  ) {
    const { stdout } = process;
    this.#form = form;
    this.#format = {
      color: picocolors.isColorSupported,
      debug: all,
      ...(stdout.isTTY ? { width: stdout.columns || 80 } : {}),
    };
    this.#tell = tell;
    this.#waiting = waiting;
  }

  /** Between the follower and a host; here there is none, and nothing is passed on. */
  readonly page = (): LineSink => ({
    push: (block) => this.#push(block),
    notice: (line) => this.#tell(line.replace(/^\[paperclip\] /, "")),
    get overfull() {
      return process.stdout.writableLength > MOST_WAITING;
    },
    room: () => new Promise((resolve) => process.stdout.once("drain", resolve)),
  });

  onLog(): Promise<void> {
    return Promise.resolve();
  }

  line(): void {}

  notice(type: string, message: string, level: "info" | "warn"): void {
    // All that is read without following comes from there.
    if (level === "warn" && type !== "k8s.log.refilled") this.#tell(message);
  }

  close(): Promise<null> {
    return Promise.resolve(null);
  }

  /** Of `json`: what is known of the whole. */
  end(transcript: NonNullable<Evidence["transcript"]>): void {
    process.stdout.write(`${JSON.stringify({ transcript })}\n`);
  }

  #push({ channel, bytes }: LineBlock): void {
    this.#waiting.hide();
    // The bytes are valid during the call only.
    if (this.#form === "stream-json") {
      process[channel].write(Buffer.from(bytes));
      return;
    }
    const lines: string[] = [];
    for (let at = 0; at < bytes.length; ) {
      const end = bytes.indexOf(NEWLINE, at);
      lines.push(...this.#show(channel, bytes.toString("utf8", at, end)));
      at = end + 1;
    }
    if (lines.length > 0) process.stdout.write(`${lines.join("\n")}\n`);
  }

  #show(channel: "stdout" | "stderr", line: string): string[] {
    if (this.#form === "json") return [JSON.stringify({ channel, line })];
    return channel === "stderr" ? formatStderr(line, this.#format) : formatLine(line, this.#format);
  }
}
