import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expand } from "../../src/node/expansion.ts";

const VARIABLES = new Map([
  ["A", "alpha"],
  ["B", "$(A) and $$"],
  ["EMPTY", ""],
]);

describe("expand, as measured", () => {
  test.each([
    ["$(A)", "alpha"],
    ["x$(A)y$(A)", "xalphayalpha"],
    ["$(EMPTY)", ""],
    ["$(UNKNOWN)", "$(UNKNOWN)"],
    ["$$(A)", "$(A)"],
    ["$$", "$"],
    ["$$$(A)", "$alpha"],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's, not ours
    ["$A ${A} $", "$A ${A} $"],
    ["$(A", "$(A"],
    ["$(B)", "$(A) and $$"],
  ])("%s becomes %s", (text, expected) => {
    expect(expand(text, VARIABLES)).toBe(expected);
  });

  test("a text whose dollars are doubled comes out as it was", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(expand(text.replaceAll("$", "$$$$"), VARIABLES)).toBe(text);
      }),
    );
  });

  test("every piece is expanded on its own", () => {
    const piece = fc.oneof(
      fc.stringMatching(/^[^$]*$/).map((text) => [text, text] as const),
      fc.constantFrom(...VARIABLES.keys()).map((name) => [`$(${name})`, VARIABLES.get(name) ?? ""] as const),
      fc.stringMatching(/^[a-z]+$/).map((name) => [`$(${name})`, `$(${name})`] as const),
      fc.constant(["$$", "$"] as const),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const text = pieces.map(([before]) => before).join("");
        expect(expand(text, VARIABLES)).toBe(pieces.map(([, after]) => after).join(""));
      }),
    );
  });
});
