/**
 * What the agent's half of the runner tells the recorder, over a socket: messages of a kind (one byte), a length (four
 * bytes, big endian) and a body.
 *
 *     o bytes   the agent's stdout, as it was read
 *     e bytes   its stderr
 *     f JSON    a fresh session is started in the place of one that cannot be resumed
 *     x JSON    how the agent ended; the last message
 *
 * All of it is the word of the agent's container. Where the stream ends without `x`, that container was killed.
 */
import type { AgentEnd } from "./agent.ts";
import { isObject, parseObject } from "./json-line.ts";
import type { Seal } from "./seal.ts";

export type FreshSession = NonNullable<Seal["freshSession"]>;

/** The socket's name in the folder that both containers see. */
export const SOCKET = "agent.sock";

const HEAD_BYTES = 5;
const MAX_JSON_BYTES = 64 * 1024;
const KINDS = { stdout: "o", stderr: "e", fresh: "f", end: "x" } as const;

export type Channel = "stdout" | "stderr";

/** What stands before a body of so many bytes. */
function head(kind: keyof typeof KINDS, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES);
  bytes[0] = KINDS[kind].charCodeAt(0);
  bytes.writeUInt32BE(length, 1);
  return bytes;
}

export const outputHead = (channel: Channel, bytes: Buffer): Buffer => head(channel, bytes.length);

export function jsonMessage(kind: "fresh" | "end", value: FreshSession | AgentEnd): Buffer {
  const body = Buffer.from(JSON.stringify(value));
  return Buffer.concat([head(kind, body.length), body]);
}

export interface HandoverListener {
  /** The bytes are valid during the call only. */
  output(channel: Channel, bytes: Buffer): void;
  freshSession(fresh: FreshSession): void;
  end(end: AgentEnd): void;
}

/** Reads the messages from the bytes as they come; holds nothing but a message's head, or its JSON. */
export class HandoverReader {
  readonly #listener: HandoverListener;
  readonly #head = Buffer.alloc(HEAD_BYTES);
  #headBytes = 0;
  #kind = "";
  #left = 0;
  #json: Buffer[] = [];
  #ended = false;

  constructor(listener: HandoverListener) {
    this.#listener = listener;
  }

  /** False when these are no such messages; then nothing more is to be read. */
  push(chunk: Buffer): boolean {
    let at = 0;
    while (at < chunk.length) {
      if (this.#ended) return false;
      if (this.#headBytes < HEAD_BYTES) {
        const took = chunk.copy(this.#head, this.#headBytes, at);
        at += took;
        this.#headBytes += took;
        if (this.#headBytes < HEAD_BYTES) break;
        if (!this.#begin()) return false;
      }
      const body = chunk.subarray(at, at + this.#left);
      at += body.length;
      this.#left -= body.length;
      if (!this.#take(body)) return false;
    }
    return true;
  }

  #begin(): boolean {
    this.#kind = String.fromCharCode(this.#head[0] ?? 0);
    this.#left = this.#head.readUInt32BE(1);
    this.#json = [];
    const isOutput = this.#kind === KINDS.stdout || this.#kind === KINDS.stderr;
    const isJson = this.#kind === KINDS.fresh || this.#kind === KINDS.end;
    return isOutput || (isJson && this.#left <= MAX_JSON_BYTES);
  }

  #take(body: Buffer): boolean {
    const isWhole = this.#left === 0;
    if (isWhole) this.#headBytes = 0;
    if (this.#kind === KINDS.stdout || this.#kind === KINDS.stderr) {
      if (body.length > 0) this.#listener.output(this.#kind === KINDS.stdout ? "stdout" : "stderr", body);
      return true;
    }
    this.#json.push(Buffer.from(body));
    return !isWhole || this.#takeJson(Buffer.concat(this.#json));
  }

  #takeJson(json: Buffer): boolean {
    const value = parseObject(json);
    if (this.#kind === KINDS.fresh) {
      if (typeof value?.insteadOf !== "string" || typeof value.why !== "string") return false;
      this.#listener.freshSession({ insteadOf: value.insteadOf, why: value.why });
      return true;
    }
    const end = value && readEnd(value);
    if (!end) return false;
    this.#ended = true;
    this.#listener.end(end);
    return true;
  }
}

const ENDINGS = ["exit", "terminated", "timeout", "after-result", "silent", "not-started"] as const;

function readEnd(value: { readonly [key: string]: unknown }): AgentEnd | null {
  const ending = ENDINGS.find((one) => one === value.ending);
  const { exitCode, signal, silence, error } = value;
  if (!ending || !isNullOr(exitCode, "number") || !isNullOr(signal, "string")) return null;
  return {
    exitCode: exitCode as number | null,
    signal: signal as string | null,
    ending,
    ...(isObject(silence) && typeof silence.sec === "number" && isNullOr(silence.tool, "string")
      ? { silence: { sec: silence.sec, tool: silence.tool as string | null } }
      : {}),
    ...(typeof error === "string" ? { error } : {}),
  };
}

const isNullOr = (value: unknown, type: "number" | "string"): boolean =>
  value === null || (typeof value === type && value !== "" && (type === "string" || Number.isInteger(value)));
