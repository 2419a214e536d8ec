import { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";

const PREFACE_BYTES = 24;
const HEAD_BYTES = 9;
const DATA = 0;
const SETTINGS = 4;
const WINDOW_UPDATE = 8;
const END_STREAM = 1;
const INITIAL_WINDOW_SETTING = 4;
const DEFAULT_WINDOW = 65_535;

/**
 * An HTTP/2 connection of `node:http2` into which DATA frames are put from outside: `node:http2` itself gathers writes, while
 * the API server (Go) sends each flushed line as a frame of its own. Keeps to the client's flow control.
 */
export class Http2Splice extends Duplex {
  readonly #socket: TLSSocket;
  #held: Buffer = Buffer.alloc(0);
  #prefaced = false;
  #initialWindow = DEFAULT_WINDOW;
  #window = DEFAULT_WINDOW;
  /** By stream: what its client has granted beyond the initial window, less what was sent. */
  readonly #granted = new Map<number, number>();
  #grantedMore = Promise.withResolvers<void>();

  constructor(socket: TLSSocket) {
    super();
    this.#socket = socket;
    // Each request of the connection listens.
    socket.setMaxListeners(0);
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.once("end", () => this.push(null));
    socket.once("close", () => {
      this.#grantedMore.resolve();
      this.destroy();
    });
    socket.on("error", () => undefined);
  }

  /** Bytes that may be sent on a stream; resolves when there are any, or the connection is gone. */
  async room(stream: number): Promise<number> {
    for (;;) {
      const room = Math.min(this.#window, this.#initialWindow + (this.#granted.get(stream) ?? 0));
      if (room > 0 || this.#socket.destroyed) return room;
      await this.#grantedMore.promise;
    }
  }

  /** One DATA frame, at `at` of `out`, of bytes for which there is room. Answers where it ends. */
  frame(out: Buffer, at: number, stream: number, bytes: Buffer): number {
    this.#window -= bytes.length;
    this.#granted.set(stream, (this.#granted.get(stream) ?? 0) - bytes.length);
    return at + headInto(out, at, bytes.length, DATA, 0, stream) + bytes.copy(out, at + HEAD_BYTES);
  }

  /** The stream's end. */
  last(stream: number): Buffer {
    const out = Buffer.alloc(HEAD_BYTES);
    headInto(out, 0, 0, DATA, END_STREAM, stream);
    return out;
  }

  override _read(): void {
    // What the client sends is little, and is handed on as it comes.
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  #receive(chunk: Buffer): void {
    this.#held = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk;
    if (!this.#prefaced) {
      if (this.#held.length < PREFACE_BYTES) return;
      this.#prefaced = true;
      this.push(this.#held.subarray(0, PREFACE_BYTES));
      this.#held = this.#held.subarray(PREFACE_BYTES);
    }
    while (this.#held.length >= HEAD_BYTES) {
      const end = HEAD_BYTES + this.#held.readUIntBE(0, 3);
      if (this.#held.length < end) return;
      const frame = this.#held.subarray(0, end);
      this.#held = this.#held.subarray(end);
      if (!this.#takesWindow(frame)) this.push(frame);
    }
  }

  /** True for what `node:http2` must not see, whose own account of the window knows nothing of the frames put in. */
  #takesWindow(frame: Buffer): boolean {
    const type = frame[3];
    const stream = frame.readUInt32BE(5);
    if (type === SETTINGS) {
      for (let at = HEAD_BYTES; at + 6 <= frame.length; at += 6)
        if (frame.readUInt16BE(at) === INITIAL_WINDOW_SETTING) this.#initialWindow = frame.readUInt32BE(at + 2);
    }
    if (type !== WINDOW_UPDATE) return false;
    const more = frame.readUInt32BE(HEAD_BYTES);
    if (stream === 0) this.#window += more;
    else this.#granted.set(stream, (this.#granted.get(stream) ?? 0) + more);
    this.#grantedMore.resolve();
    this.#grantedMore = Promise.withResolvers<void>();
    return true;
  }
}

function headInto(out: Buffer, at: number, length: number, type: number, flags: number, stream: number): number {
  out.writeUIntBE(length, at, 3);
  out[at + 3] = type;
  out[at + 4] = flags;
  out.writeUInt32BE(stream, at + 5);
  return HEAD_BYTES;
}
