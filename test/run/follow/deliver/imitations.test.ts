import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { markImitations } from "../../../../src/run/follow/deliver/imitations.ts";
import { growth, LINEAR } from "../../../support/growth.ts";
import { cases } from "../../../support/thoroughness.ts";

const OWN = /^[\s\p{C}]*\[paperclip\]/u;

describe("lines of the agent that look like the adapter's own", () => {
  it("are marked, and no others are changed", () => {
    const part = fc.constantFrom(
      "[paperclip]",
      "[paperclip",
      " ",
      "\t",
      "\u200b",
      "\u00a0",
      "\u001b",
      "a",
      "é",
      '{"x":1}',
    );
    const line = fc.array(part, { maxLength: 6 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 8 }), (lines) => {
        const shown = markImitations(Buffer.from(`${lines.join("\n")}\n`)).toString();
        expect(shown).toBe(`${lines.map((text) => (OWN.test(text) ? `│ ${text}` : text)).join("\n")}\n`);
      }),
      { numRuns: cases(2000) },
    );
  });

  it("cost the same Buffer where there is none", () => {
    const lines = Buffer.from('{"type":"assistant"}\n[other] [\n');
    expect(markImitations(lines)).toBe(lines);
  });

  it.each(["[paperclip]", "[paperclip]\n", "a[paperclip]", " "])("take time that grows with them: %j", (part) => {
    const work = (size: number) => void markImitations(Buffer.from(`${part.repeat(size / part.length)}[paperclip]\n`));
    // Large enough that both collect garbage: for a few lines there is none.
    expect(growth(work, 131_072)).toBeLessThan(LINEAR);
  });
});
