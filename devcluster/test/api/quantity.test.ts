import fc from "fast-check";
import { expect, it } from "vitest";
import { canonicalQuantity, parseQuantity } from "../../src/api/defaults/quantity.ts";

it.each([
  ["1000m", "1"],
  ["0.5", "500m"],
  ["1024Mi", "1Gi"],
  ["1536Mi", "1536Mi"],
  ["1e3", "1k"],
  ["12E", "12E"],
  ["0", "0"],
  ["0Mi", "0"],
  ["100n", "100n"],
  ["-1500m", "-1500m"],
  ["1.5Gi", "1536Mi"],
])("%s is given back as %s", (given, canonical) => {
  expect(canonicalQuantity(given)).toBe(canonical);
});

it.each(["", "much", "1 Gi", "1GB", "--1", "1.2.3"])("%j is none", (given) => {
  expect(canonicalQuantity(given)).toBeUndefined();
});

it("keeps its worth, and a canonical one is already canonical", () => {
  const suffix = fc.constantFrom("", "m", "k", "M", "G", "Ki", "Mi", "Gi");
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 ** 9 }), suffix, (count, unit) => {
      const canonical = canonicalQuantity(`${count}${unit}`) ?? "";
      expect(parseQuantity(canonical)?.nano).toBe(parseQuantity(`${count}${unit}`)?.nano);
      expect(canonicalQuantity(canonical)).toBe(canonical);
    }),
  );
});
