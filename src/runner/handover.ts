/**
 * What the agent's half of the runner tells the recorder, over a socket: messages of a kind (one byte), a length (four
 * bytes, big endian) and a body.
 *
 *     o bytes   the agent's stdout, as it was read
 *     e bytes   its stderr
 *     n lines   what the runner tells before the agent, of its workspace
 *     f JSON    a fresh session is started in the place of one that cannot be resumed
 *     x JSON    how the agent ended; no output follows
 *     w JSON    what of its work is left in its workspace; the last message
 *
 * All of it is the word of the agent's container. Where the stream ends without `x`, that container was killed.
 */
import type { AgentEnd } from "./agent.ts";
import { isObject, parseObject } from "./json-line.ts";
import type { NotPreparedFacts, Seal, WorkspaceLeft } from "./seal.ts";
import { readWorkspaceLeft } from "./seal-message.ts";

export type FreshSession = NonNullable<Seal["freshSession"]>;

/** The socket's name in the folder that both containers see. */
export const SOCKET = "agent.sock";

const HEAD_BYTES = 5;
const MAX_JSON_BYTES = 64 * 1024;
const KINDS = { stdout: "o", stderr: "e", note: "n", fresh: "f", end: "x", workspace: "w" } as const;
const CHANNELS = ["stdout", "stderr", "note"] as const;

export type Channel = (typeof CHANNELS)[number];

/** What stands before a body of so many bytes. */
function head(kind: keyof typeof KINDS, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES);
  bytes[0] = KINDS[kind].charCodeAt(0);
  bytes.writeUInt32BE(length, 1);
  return bytes;
}

export const outputHead = (channel: Channel, bytes: Buffer): Buffer => head(channel, bytes.length);

export function jsonMessage(
  kind: "fresh" | "end" | "workspace",
  value: FreshSession | AgentEnd | WorkspaceLeft,
): Buffer {
  const body = Buffer.from(JSON.stringify(value));
  return Buffer.concat([head(kind, body.length), body]);
}

export interface HandoverListener {
  /** The bytes are valid during the call only. */
  output(channel: Channel, bytes: Buffer): void;
  freshSession(fresh: FreshSession): void;
  end(end: AgentEnd): void;
  workspace(left: WorkspaceLeft): void;
}

/** Reads the messages from the bytes as they come; holds nothing but a message's head, or its JSON. */
export class HandoverReader {
  readonly #listener: HandoverListener;
  readonly #head = Buffer.alloc(HEAD_BYTES);
  #headBytes = 0;
  #kind = "";
  #left = 0;
  #json: Buffer[] = [];
  #ended: "no" | "agent" | "all" = "no";

  constructor(listener: HandoverListener) {
    this.#listener = listener;
  }

  /** False when these are no such messages; then nothing more is to be read. */
  push(chunk: Buffer): boolean {
    let at = 0;
    while (at < chunk.length) {
      if (this.#ended === "all") return false;
      if (this.#ended === "agent" && this.#headBytes === 0 && chunk[at] !== KINDS.workspace.charCodeAt(0)) return false;
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
    const isJson = this.#left <= MAX_JSON_BYTES;
    if (this.#ended === "agent") return isJson;
    return this.#channel() !== undefined || ((this.#kind === KINDS.fresh || this.#kind === KINDS.end) && isJson);
  }

  #take(body: Buffer): boolean {
    const isWhole = this.#left === 0;
    if (isWhole) this.#headBytes = 0;
    const channel = this.#channel();
    if (channel) {
      if (body.length > 0) this.#listener.output(channel, body);
      return true;
    }
    this.#json.push(Buffer.from(body));
    return !isWhole || this.#takeJson(Buffer.concat(this.#json));
  }

  #channel(): Channel | undefined {
    return CHANNELS.find((channel) => this.#kind === KINDS[channel]);
  }

  #takeJson(json: Buffer): boolean {
    const value = parseObject(json);
    if (this.#kind === KINDS.workspace) {
      const left = readWorkspaceLeft(value);
      if (left) this.#listener.workspace(left);
      this.#ended = "all";
      return left !== null;
    }
    if (this.#kind === KINDS.fresh) {
      if (typeof value?.insteadOf !== "string" || typeof value.why !== "string") return false;
      this.#listener.freshSession({ insteadOf: value.insteadOf, why: value.why });
      return true;
    }
    const end = value && readEnd(value);
    if (!end) return false;
    this.#ended = "agent";
    this.#listener.end(end);
    return true;
  }
}

const ENDINGS = ["exit", "terminated", "timeout", "after-result", "silent", "not-started"] as const;

function readEnd(value: { readonly [key: string]: unknown }): AgentEnd | null {
  const ending = ENDINGS.find((one) => one === value.ending);
  const { exitCode, signal, silence, notPrepared, error } = value;
  if (!ending || !isNullOr(exitCode, "number") || !isNullOr(signal, "string")) return null;
  return {
    exitCode: exitCode as number | null,
    signal: signal as string | null,
    ending,
    ...(isObject(silence) && typeof silence.sec === "number" && isNullOr(silence.tool, "string")
      ? { silence: { sec: silence.sec, tool: silence.tool as string | null } }
      : {}),
    ...(isObject(notPrepared) && typeof notPrepared.step === "string" && typeof notPrepared.cause === "string"
      ? { notPrepared: { step: notPrepared.step, cause: notPrepared.cause } as NotPreparedFacts }
      : {}),
    ...(typeof error === "string" ? { error } : {}),
  };
}

const isNullOr = (value: unknown, type: "number" | "string"): boolean =>
  value === null || (typeof value === type && value !== "" && (type === "string" || Number.isInteger(value)));
