import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AgentLines } from "../../src/runner/agent-lines.ts";
import { cases } from "../support/thoroughness.ts";

function linesOf(chunks: readonly Uint8Array[], limit: number): string[] {
  const lines: string[] = [];
  const reader = new AgentLines(limit, (line) => lines.push(line.toString("latin1")));
  for (const chunk of chunks) reader.push(Buffer.from(chunk));
  reader.end();
  return lines;
}

describe("AgentLines", () => {
  it("hands over the lines up to the limit, however they came", () => {
    const byte = fc.oneof(fc.constant(10), fc.integer({ min: 97, max: 122 }));
    const chunks = fc.array(fc.array(byte, { maxLength: 30 }).map((bytes) => Uint8Array.from(bytes)));
    fc.assert(
      fc.property(chunks, fc.integer({ min: 0, max: 40 }), (chunks, limit) => {
        const text = Buffer.concat(chunks).toString("latin1");
        const all = text.split("\n");
        if (all.at(-1) === "") all.pop();
        expect(linesOf(chunks, limit)).toEqual(all.filter((line) => line.length <= limit));
      }),
      { numRuns: cases(500) },
    );
  });
});
