/** More than `maxBytes` without a newline. */
export class LineTooLong extends Error {
  override readonly name = "LineTooLong";
  constructor(maxBytes: number) {
    super(`a line of more than ${maxBytes} bytes`);
  }
}

/**
 * Splits bytes at newlines, which are left out. Decoding is the reader's: a character may be cut by a chunk, never by a
 * line. What follows the last newline is no line and is dropped. Throws LineTooLong.
 */
export async function* byteLines(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer, void, void> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      if (heldBytes + end - start > maxBytes) throw new LineTooLong(maxBytes);
      const tail = chunk.subarray(start, end);
      yield held.length === 0 ? tail : Buffer.concat([...held, tail]);
      held = [];
      heldBytes = 0;
      start = end + 1;
    }
    if (start === chunk.length) continue;
    held.push(chunk.subarray(start));
    heldBytes += chunk.length - start;
    if (heldBytes > maxBytes) throw new LineTooLong(maxBytes);
  }
}
