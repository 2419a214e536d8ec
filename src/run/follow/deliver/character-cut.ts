/**
 * Where to cut bytes of UTF-8 at or before `limit`, so that no character is cut: both parts decode to what the whole
 * decodes to. Bytes that are no UTF-8 do not move the cut further than a character is long.
 */
export function characterCut(bytes: Uint8Array, limit: number): number {
  if (bytes.length <= limit) return bytes.length;
  let cut = limit;
  while (limit - cut < LONGEST - 1 && isContinuation(bytes[cut])) cut--;
  return isContinuation(bytes[cut]) ? limit : cut;
}

/** Bytes of the longest character. */
const LONGEST = 4;

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
