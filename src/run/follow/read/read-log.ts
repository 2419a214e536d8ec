import { skipStamp } from "../assemble/stamp.ts";
import type { LogError, LogRequest, OpenLog } from "./log-source.ts";
import { type Overlong, WholeLines } from "./whole-lines.ts";

/** How one answer of the log API went. */
export type Reading =
  | {
      readonly kind: "ended";
      readonly clean: boolean;
      /** What broke the stream. */
      readonly error: Error | null;
      /** What came after the last newline of a clean end. */
      readonly unfinished: Buffer | null;
    }
  | { readonly kind: "not-yet" | "gone" | "refused" | "failed"; readonly error: LogError }
  | { readonly kind: "aborted" };

export interface LogReader {
  readonly maxLineBytes: number;
  /** Whole lines, each ended by a newline. Valid during the call only: copy them to keep them. */
  block(lines: Buffer): void;
  overlong(line: Overlong): void;
  /** Called for what came at once; what it returns is awaited before more is read. */
  chunk?(): Promise<void> | undefined;
}

/** Reads one answer of the log API to its end, whatever that is. Never throws for what the network does. */
export async function readLog(
  open: OpenLog,
  request: LogRequest,
  reader: LogReader,
  signal: AbortSignal,
): Promise<Reading> {
  const opening = await open(request, signal);
  if (opening.kind !== "open") return opening;
  const lines = new WholeLines(reader.maxLineBytes, (line) => reader.overlong(line));
  const block = (whole: Buffer) => reader.block(whole);
  const stopped = Promise.withResolvers<void>();
  const onAbort = () => stopped.resolve();
  signal.addEventListener("abort", onAbort, { once: true });
  for await (const chunk of opening.blocks ?? opening.body) {
    if (Buffer.isBuffer(chunk)) lines.push(chunk, block);
    else for (const each of chunk) lines.push(each, block);
    const wait = reader.chunk?.();
    if (wait) await Promise.race([wait, stopped.promise]);
    if (signal.aborted) break;
  }
  // Node keeps an AbortSignal.any() with a listener, and all that the listener sees, until one of its sources aborts.
  signal.removeEventListener("abort", onAbort);
  if (signal.aborted) return { kind: "aborted" };
  const end = await opening.end;
  if (end.end === "aborted") return { kind: "aborted" };
  if (end.end === "broken") return { kind: "ended", clean: false, error: end.error, unfinished: null };
  return { kind: "ended", clean: true, error: null, unfinished: lines.takeUnfinished() };
}

/** The kubelet writes its own errors into the body, and ends it cleanly (measured: without stamp or newline). */
export function endsInErrorText(reading: Reading): boolean {
  if (reading.kind !== "ended" || !reading.unfinished) return false;
  return skipStamp(reading.unfinished, 0, reading.unfinished.length) < 0;
}
