/** Lines of the agent that look like the adapter's own. */

const NEWLINE = 0x0a;
const OWN = Buffer.from("[paperclip]");
/** What the page's form of an event has in front of each further line. */
const FOREIGN = Buffer.from("│ ");

/** Spaces, and what takes no space: `\u200b[paperclip]` reads like `[paperclip]`. */
const INVISIBLE = /^[\s\p{C}]*$/u;

/** Whole lines of the agent, those marked that begin like a line of the adapter's. The same Buffer where none does. */
export function markImitations(lines: Buffer): Buffer {
  let hit = lines.indexOf(OWN);
  if (hit < 0) return lines;
  const parts: Buffer[] = [];
  let done = 0;
  while (hit >= 0) {
    const start = hit === 0 ? 0 : lines.lastIndexOf(NEWLINE, hit - 1) + 1;
    if (INVISIBLE.test(lines.toString("utf8", start, hit))) {
      parts.push(lines.subarray(done, start), FOREIGN);
      done = start;
    }
    const end = lines.indexOf(NEWLINE, hit);
    hit = end < 0 ? -1 : lines.indexOf(OWN, end);
  }
  return parts.length === 0 ? lines : Buffer.concat([...parts, lines.subarray(done)]);
}
