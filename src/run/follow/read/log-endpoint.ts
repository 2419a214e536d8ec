import type { LogOpening, LogRequest, OpenLog } from "./log-source.ts";
import { endsInErrorText, type Reading } from "./read-log.ts";

/** The log API of one container, and whether it works: a log that could not be read differs from an empty one. */
export class LogEndpoint {
  /** True once an answer began. An endpoint that never answers is not waited for when the container has ended. */
  answered = false;
  readonly #open: OpenLog;
  /** True once an answer was the log and not a text about it. */
  #wasRead = false;
  #trouble: string | null = null;

  constructor(open: OpenLog) {
    this.#open = open;
  }

  readonly open = async (request: LogRequest, signal: AbortSignal): Promise<LogOpening> => {
    const opening = await this.#open(request, signal);
    if (opening.kind === "open") this.answered = true;
    return opening;
  };

  /** An answer has ended. */
  note(reading: Reading): void {
    if (reading.kind === "aborted") return;
    if (reading.kind === "ended" && reading.clean && !endsInErrorText(reading)) this.#wasRead = true;
    else this.#trouble = troubleOf(reading);
  }

  /** Why nothing could be read, when no line ever came; null when the log was there and had none. */
  get unread(): string | null {
    if (this.#wasRead) return null;
    return this.#trouble ?? (this.answered ? null : "it did not answer");
  }
}

/** Why an answer ended, as a short clause. */
export function troubleOf(reading: Reading): string {
  switch (reading.kind) {
    case "ended":
      if (endsInErrorText(reading)) return (reading.unfinished?.toString("utf8", 0, 200) ?? "").trim();
      return reading.error?.message ?? "the stream ended";
    case "aborted":
      return "the stream was silent";
    case "not-yet":
    case "gone":
    case "refused":
    case "failed":
      return reading.error.message;
  }
}
