import { type Channel, parseFrame, RAW_LOG_MARK, SEAL_MARK } from "../runner/frame.ts";

export interface AgentLine {
  readonly channel: Channel;
  readonly text: string;
}

/**
 * Reads the lines of a pod's log (`kubectl logs`) or of Claude Code itself, whichever it is: the first line decides. For
 * display only: gaps in the numbers are not searched for.
 */
export class Unframer {
  #framed: boolean | undefined;
  #isMarked = false;
  readonly #pieces: Record<Channel, Buffer[]> = { stdout: [], stderr: [] };

  /** @param bytes one line without its newline @returns the agent's line that it ends, if it ends one */
  push(bytes: Buffer): AgentLine | undefined {
    const frame = this.#framed === false ? null : parseFrame(bytes);
    const isRunners = this.#framed || this.#isMarked;
    if (!frame && isRunners && bytes.toString("latin1", 0, SEAL_MARK.length) === SEAL_MARK) return undefined;
    this.#framed ??= frame !== null;
    if (!frame) {
      const text = bytes.toString();
      if (text !== RAW_LOG_MARK) return { channel: "stdout", text };
      this.#isMarked = true;
      return undefined;
    }
    const pieces = this.#pieces[frame.channel];
    pieces.push(frame.body);
    if (!frame.last) return undefined;
    return { channel: frame.channel, text: Buffer.concat(pieces.splice(0)).toString() };
  }
}
