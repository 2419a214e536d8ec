/** The three things of protocol buffers that a description needs: strings, messages, repeated fields. */

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let left = value;
  while (left > 127) {
    bytes.push((left & 127) | 128);
    left >>>= 7;
  }
  return Uint8Array.of(...bytes, left);
}

const LENGTH_DELIMITED = 2;

export function message(field: number, content: Uint8Array): Uint8Array {
  return Buffer.concat([varint((field << 3) | LENGTH_DELIMITED), varint(content.length), content]);
}

/** Nothing for an absent or empty string, as proto3 has it. */
export function text(field: number, value: string | undefined): Uint8Array {
  return value === undefined || value === "" ? new Uint8Array() : message(field, Buffer.from(value));
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}
