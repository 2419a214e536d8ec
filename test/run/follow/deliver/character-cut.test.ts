import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { characterCut } from "../../../../src/run/follow/deliver/character-cut.ts";
import { cases } from "../../../support/thoroughness.ts";

describe("characterCut", () => {
  test("both parts decode to what the whole decodes to", () => {
    const bytes = fc.oneof(
      fc.array(fc.constantFrom("a", "é", "€", "😀"), { maxLength: 14 }).map((parts) => Buffer.from(parts.join(""))),
      fc.uint8Array({ maxLength: 40 }).map((raw) => Buffer.from(raw)),
    );
    fc.assert(
      fc.property(bytes, fc.integer({ min: 4, max: 40 }), (whole, limit) => {
        const cut = characterCut(whole, limit);
        expect(cut).toBeLessThanOrEqual(limit);
        expect(cut > 0 || whole.length === 0).toBe(true);
        expect(whole.toString("utf8", 0, cut) + whole.toString("utf8", cut)).toBe(whole.toString());
      }),
      { numRuns: cases(2000) },
    );
  });
});
