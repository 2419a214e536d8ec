import { createHash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import type { Seal } from "../../src/runner/seal.ts";

/** A log as the API server sends it, on disk: HTTP chunks of one line each (`line`, as measured), or of 64 KiB. */
export type Chunking = "line" | "64 KiB";

export interface LogFile {
  readonly path: string;
  /** Bytes of the body, without the framing of HTTP. */
  readonly bodyBytes: number;
  readonly seal: Seal;
}

/** Writes `bytes` of stamped frames with lines of `lineBytes`, framed as the body of a chunked HTTP answer. */
export async function writeLogFile(
  path: string,
  bytes: number,
  lineBytes: number,
  chunking: Chunking,
): Promise<LogFile> {
  const out = createWriteStream(path, { highWaterMark: 1 << 20 });
  const digest = createHash("sha256");
  const start = Date.parse("2026-11-22T07:00:00Z");
  const filler = '{"type":"assistant","message":{"content":[{"type":"text","text":"lorem ipsum dolor"}]}}'.repeat(200);
  let bodyBytes = 0;
  let contentBytes = 0;
  let lines = 0;
  let pending: string[] = [];
  let pendingBytes = 0;
  const flush = async () => {
    const text = pending.join("");
    pending = [];
    pendingBytes = 0;
    if (!out.write(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`, "latin1")) await once(out, "drain");
  };
  while (bodyBytes < bytes) {
    lines++;
    const line = `{"n":${lines},"text":"${filler.slice(0, lineBytes)}`.slice(0, lineBytes);
    const at = new Date(start + Math.floor(lines / 10)).toISOString().slice(0, 23);
    const text = `${at}${String(lines % 1_000_000).padStart(6, "0")}Z ${lines}|${line}\n`;
    digest.update(`${line}\n`);
    contentBytes += line.length + 1;
    bodyBytes += text.length;
    pending.push(text);
    pendingBytes += text.length;
    if (chunking === "line" || pendingBytes >= 65_536) await flush();
  }
  if (pending.length > 0) await flush();
  out.end("0\r\n\r\n");
  await once(out, "close");
  const stdout = { lines, bytes: contentBytes, sha256: digest.digest("hex"), newline: true };
  return { path, bodyBytes, seal: { v: 1, runner: "node", exitCode: 0, signal: null, ending: "exit", stdout } };
}
