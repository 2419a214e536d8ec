import { createHash, type Hash } from "node:crypto";
import { type Channel, MAX_BODY_BYTES, parseFrame, RAW_LOG_MARK, SEAL_MARK } from "../../src/runner/frame.ts";

/** Reads a container's log as it comes and insists that every byte of it is as promised. */
export class LogReader {
  readonly stdout = new ChannelReader();
  readonly stderr = new ChannelReader();
  raw = false;
  frames = 0;
  /** What follows the mark of the seal that ends the log; null: it has none. */
  seal: string | null = null;
  largestLine = 0;
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): void {
    let bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    for (let end = bytes.indexOf(10); end >= 0 && !this.raw; end = bytes.indexOf(10)) {
      this.#line(bytes.subarray(0, end));
      bytes = bytes.subarray(end + 1);
    }
    if (this.raw && bytes.length > 0) {
      const last = bytes.length < 2 ? 0 : bytes.lastIndexOf(10, bytes.length - 2) + 1;
      const begin = bytes.toString("latin1", last, last + SEAL_MARK.length);
      // It is the seal's only when the log ends with it.
      const held = SEAL_MARK.startsWith(begin) ? last : bytes.length;
      this.stdout.raw(bytes.subarray(0, held));
      bytes = bytes.subarray(held);
    }
    this.#rest = bytes;
  }

  end(): void {
    const rest = this.#rest.toString("utf8");
    if (this.raw && rest.startsWith(SEAL_MARK)) this.seal = rest.slice(SEAL_MARK.length).trimEnd();
    else if (this.raw) this.stdout.raw(this.#rest);
    else if (rest !== "") throw new Error(`the log ends inside a frame: ${rest.slice(0, 80)}`);
  }

  #line(line: Buffer): void {
    if (this.frames === 0 && line.equals(Buffer.from(RAW_LOG_MARK))) {
      this.raw = true;
      return;
    }
    if (this.seal !== null) throw new Error("a line follows the seal");
    if (line.toString("latin1", 0, SEAL_MARK.length) === SEAL_MARK) {
      this.seal = line.toString("utf8", SEAL_MARK.length);
      return;
    }
    this.frames += 1;
    this.largestLine = Math.max(this.largestLine, line.length);
    const frame = parseFrame(line);
    if (!frame) throw new Error(`frame ${this.frames} does not parse: ${line.toString("latin1", 0, 80)}`);
    if (frame.body.length > MAX_BODY_BYTES) throw new Error(`frame ${this.frames} is too large`);
    const channel = frame.channel satisfies Channel;
    this[channel].frame(frame.line, frame.piece, frame.last, frame.body);
  }
}

/** The bytes of one channel, digested; the first megabyte is kept. */
class ChannelReader {
  bytes = 0;
  lines = 0;
  #digest: Hash = createHash("sha256");
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #piece = 0;
  #open = false;

  frame(line: number, piece: number, last: boolean, body: Buffer): void {
    const expected = this.#open ? [this.lines, this.#piece] : [this.lines + 1, 0];
    if (line !== expected[0] || piece !== expected[1]) {
      throw new Error(`frame ${line}.${piece} came where ${expected.join(".")} was due`);
    }
    // A line's newline is known only when the next line begins; the last one's stands in the seal.
    if (!this.#open && this.lines > 0) this.raw(Buffer.from("\n"));
    this.lines = line;
    this.raw(body);
    this.#open = !last;
    this.#piece = last ? 0 : piece + 1;
  }

  raw(bytes: Buffer): void {
    this.bytes += bytes.length;
    this.#digest.update(bytes);
    if (this.#keptBytes > 1024 * 1024) return;
    this.#kept.push(Buffer.from(bytes));
    this.#keptBytes += bytes.length;
  }

  get start(): Buffer {
    return Buffer.concat(this.#kept);
  }

  /** Once, at the end. */
  sha256(): string {
    return this.#digest.digest("hex");
  }
}
