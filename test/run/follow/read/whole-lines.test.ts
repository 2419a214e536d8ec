import fc from "fast-check";
import { expect, test } from "vitest";
import { WholeLines } from "../../../../src/run/follow/read/whole-lines.ts";
import { cases } from "../../../support/thoroughness.ts";

const MAX_LINE_BYTES = 100_000;

/** A reader that copies what it is given, as it must. Of a line that is too long it notes the start and the length. */
class Copies {
  readonly seen: string[] = [];
  readonly lines = new WholeLines(MAX_LINE_BYTES, ({ start, bytes }) =>
    this.seen.push(`${start.toString()} … ${bytes}`),
  );
  readonly block = (lines: Buffer): void => {
    expect(lines.at(-1)).toBe(0x0a);
    this.seen.push(
      ...lines
        .subarray(0, lines.length - 1)
        .toString()
        .split("\n"),
    );
  };
}

/** Lines from none to longer than the bound, none like the one before it. */
const lineOf = (length: number, n: number): string => String(n).padEnd(length, "abcdefghij");

const length = fc.oneof(fc.nat({ max: 400 }), fc.nat({ max: 20_000 }), fc.constant(150_000));
const size = fc.oneof(fc.nat({ max: 500 }), fc.nat({ max: 17_000 }), fc.nat({ max: 70_000 }));

test("any chunks, overwritten once they are read, give each line once and in order", () => {
  fc.assert(
    fc.property(
      fc.array(length, { maxLength: 20 }),
      fc.string({ maxLength: 50 }).map((text) => text.replaceAll("\n", "")),
      fc.array(size, { maxLength: 200 }),
      (lengths, unfinished, sizes) => {
        const lines = lengths.map(lineOf);
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join("") + unfinished);
        const log = new Copies();
        let at = 0;
        for (const each of [...sizes, ...Array.from({ length: Math.ceil(bytes.length / 50_000) }, () => 50_000)]) {
          const chunk = Buffer.from(bytes.subarray(at, at + each));
          at += each;
          log.lines.push(chunk, log.block);
          chunk.fill("?\n");
        }
        const tooLong = (line: string): string => `${line.slice(0, 256)} … ${line.length}`;
        expect(log.seen).toHaveLength(lines.length);
        for (const [n, line] of lines.entries())
          expect(log.seen[n] === line || (line.length > MAX_LINE_BYTES && log.seen[n] === tooLong(line))).toBe(true);
        expect(log.lines.takeUnfinished()?.toString() ?? "").toBe(unfinished);
      },
    ),
    { numRuns: cases(300) },
  );
});
