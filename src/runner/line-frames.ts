import { type Channel, frameHead, MAX_BODY_BYTES, MAX_FRAME_BYTES } from "./frame.ts";

const NEWLINE = 0x0a;
/** Room for four of the longest frames. A block is one allocation, which lives until all of it is written. */
const BLOCK_BYTES = 64 * 1024;

/** Room for frames. One for both channels, so that what is emitted is contiguous, whole frames and nothing else. */
export class FrameBlock {
  readonly #emit: (frames: Buffer) => void;
  #block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #from = 0;
  #to = 0;

  constructor(emit: (frames: Buffer) => void) {
    this.#emit = emit;
  }

  /** Adds one frame: the head, the body in up to two parts, a newline. Returns the frame's bytes. */
  add(head: string, first: Buffer, second: Buffer): number {
    if (BLOCK_BYTES - this.#to < MAX_FRAME_BYTES + "\n".length) {
      this.flush();
      this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
      this.#from = this.#to = 0;
    }
    const start = this.#to;
    let at = start + this.#block.write(head, start, "latin1");
    at += first.copy(this.#block, at);
    at += second.copy(this.#block, at);
    this.#block[at] = NEWLINE;
    this.#to = at + 1;
    return this.#to - start;
  }

  /** Emits what was added. An emitted Buffer is never written to again. */
  flush(): void {
    if (this.#to === this.#from) return;
    const frames = this.#block.subarray(this.#from, this.#to);
    this.#from = this.#to;
    this.#emit(frames);
  }
}

const NOTHING = Buffer.alloc(0);

/**
 * Turns the bytes of one channel into frames. Holds back less than one piece: an unfinished line goes out as soon as
 * it fills a piece, and its rest with its newline or at the end.
 */
export class LineFrames {
  /** Lines so far; an unfinished one counts when it has at least one byte. */
  lines = 0;
  /** Bytes of all frames so far, heads and newlines included. */
  frameBytes = 0;

  readonly #channel: Channel;
  readonly #block: FrameBlock;
  readonly #held = Buffer.allocUnsafeSlow(MAX_BODY_BYTES);
  #heldBytes = 0;
  #piece = 0;
  #open = false;

  constructor(channel: Channel, block: FrameBlock) {
    this.#channel = channel;
    this.#block = block;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (!this.#open) {
        this.#open = true;
        this.lines += 1;
      }
      const newline = chunk.indexOf(NEWLINE, at);
      const end = newline < 0 ? chunk.length : newline;
      // Only a byte beyond a full piece proves that the line goes on: a piece that the newline follows is the last.
      while (this.#heldBytes + end - at > MAX_BODY_BYTES) {
        const next = at + MAX_BODY_BYTES - this.#heldBytes;
        this.#frame(chunk.subarray(at, next), false);
        at = next;
      }
      if (newline < 0) {
        this.#heldBytes += chunk.copy(this.#held, this.#heldBytes, at, end);
        break;
      }
      this.#frame(chunk.subarray(at, end), true);
      at = newline + 1;
    }
    this.#block.flush();
  }

  /** Sends out what is held. Returns false when the last line had no newline. */
  end(): boolean {
    const whole = !this.#open;
    if (this.#open) this.#frame(NOTHING, true);
    this.#block.flush();
    return whole;
  }

  #frame(rest: Buffer, last: boolean): void {
    const head = frameHead(this.#channel, this.lines, this.#piece, last);
    this.frameBytes += this.#block.add(head, this.#held.subarray(0, this.#heldBytes), rest);
    this.#heldBytes = 0;
    this.#piece = last ? 0 : this.#piece + 1;
    this.#open = !last;
  }
}
