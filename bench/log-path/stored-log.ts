import { createHash } from "node:crypto";
import type { Seal } from "../../src/runner/seal.ts";

/** How the server writes a log: each line for itself, flushed (`line`, measured on 1.36), or as much as a frame holds. */
export type Framing = "line" | "16 KiB";

/** A whole log in memory, as the container runtime kept it. */
export interface StoredLog {
  readonly body: Buffer;
  /** Where each piece ends that the server writes at once. */
  readonly ends: readonly number[];
  readonly seal: Seal;
}

const FRAME_BYTES = 16_384;
const TEXT = '{"type":"assistant","message":{"content":[{"type":"text","text":"lorem ipsum dolor"}]}}'.repeat(60);

export const lineOf = (n: number, lineBytes: number, text: string): string =>
  `{"n":${n},"text":"${text}`.slice(0, lineBytes);

/** A program for a pod: prints a log of that many frames as fast as it can. `sealOf` has its seal. */
export function printing(lines: number, lineBytes: number): string {
  return `const lineOf = ${lineOf}; const text = ${JSON.stringify(TEXT)}; let out = "";
    for (let n = 1; n <= ${lines}; n++) {
      out += n + "|" + lineOf(n, ${lineBytes}, text) + "\\n";
      if (out.length > 60000 || n === ${lines}) { require("fs").writeSync(1, out); out = ""; }
    }`;
}

export function sealOf(lines: number, lineBytes: number): Seal {
  const digest = createHash("sha256");
  let bytes = 0;
  for (let n = 1; n <= lines; n++) {
    const line = `${lineOf(n, lineBytes, TEXT)}\n`;
    digest.update(line);
    bytes += line.length;
  }
  const stdout = { lines, bytes, sha256: digest.digest("hex"), newline: true };
  return { v: 1, runner: "node", exitCode: 0, signal: null, ending: "exit", stdout };
}

/** At least `bytes` of stamped frames, each of a line of `lineBytes`. */
export function storeLog(bytes: number, lineBytes: number, framing: Framing): StoredLog {
  const start = Date.parse("2026-11-22T07:00:00Z");
  const body = Buffer.allocUnsafeSlow(bytes + FRAME_BYTES);
  const ends: number[] = [];
  let length = 0;
  let lines = 0;
  while (length < bytes) {
    lines++;
    const line = lineOf(lines, lineBytes, TEXT);
    const stamp = `${new Date(start + Math.floor(lines / 10)).toISOString().slice(0, 23)}${String(lines % 1_000_000).padStart(6, "0")}Z`;
    length += body.write(`${stamp} ${lines}|${line}\n`, length, "latin1");
    if (framing === "line") ends.push(length);
  }
  if (framing === "16 KiB") for (let at = FRAME_BYTES; at < length; at += FRAME_BYTES) ends.push(at);
  if (ends.at(-1) !== length) ends.push(length);
  return { body: body.subarray(0, length), ends, seal: sealOf(lines, lineBytes) };
}
