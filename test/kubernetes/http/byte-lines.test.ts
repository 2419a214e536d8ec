import fc from "fast-check";
import { expect, test } from "vitest";
import { byteLines, LineTooLong } from "../../../src/kubernetes/http/byte-lines.ts";
import { cases } from "../../support/thoroughness.ts";

async function split(chunks: readonly Uint8Array[], maxBytes = 1000): Promise<string[]> {
  const source = (async function* () {
    for (const chunk of chunks) yield Buffer.from(chunk);
  })();
  const lines: string[] = [];
  for await (const line of byteLines(source, maxBytes)) lines.push(line.toString("latin1"));
  return lines;
}

test("wherever the chunks are cut, the lines are the same", async () => {
  const line = fc.uint8Array({ maxLength: 40 }).map((bytes) => bytes.map((byte) => (byte === 10 ? 11 : byte)));
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 20 }),
      fc.array(fc.nat(800), { maxLength: 30 }),
      async (lines, cuts) => {
        const all = Buffer.concat(lines.flatMap((bytes) => [bytes, Buffer.from("\n")]));
        const edges = [0, ...cuts.map((cut) => Math.min(cut, all.length)).sort((a, b) => a - b), all.length];
        const chunks = edges.slice(1).map((edge, index) => all.subarray(edges[index], edge));
        expect(await split(chunks)).toEqual(lines.map((bytes) => Buffer.from(bytes).toString("latin1")));
      },
    ),
    { numRuns: cases(500) },
  );
});

test("what follows the last newline is no line", async () => {
  expect(await split([Buffer.from("a\nb")])).toEqual(["a"]);
});

test.each([[["xxxxx\n"]], [["xxx", "xx"]], [["xxx", "xx\n"]]])(
  "a line beyond the bound is refused, however it comes: %j",
  async (chunks) => {
    await expect(
      split(
        chunks.map((chunk) => Buffer.from(chunk)),
        4,
      ),
    ).rejects.toThrow(LineTooLong);
  },
);

test("a line of just the bound passes", async () => {
  expect(await split([Buffer.from("xx"), Buffer.from("xx\n")], 4)).toEqual(["xxxx"]);
});
