import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isAtLeast } from "../../src/runner/claude-version.ts";
import type { Json } from "../../src/runner/json-line.ts";
import { mergeThreeWay } from "../../src/runner/three-way.ts";

const config = fc.dictionary(
  fc.constantFrom("a", "b", "projects", "__proto__"),
  fc.oneof(fc.nat(3), fc.dictionary(fc.constantFrom("/x", "/y"), fc.dictionary(fc.constantFrom("k", "l"), fc.nat(3)))),
) as fc.Arbitrary<Json>;

describe("merging three ways", () => {
  it("brings what one side changed, at any depth that is merged, and keeps what the other did", () => {
    const base = { a: 1, projects: { "/x": { k: 1, deep: { v: 1 } } } };
    const mine = { a: 2, projects: { "/x": { k: 1, deep: { v: 2 } }, "/new": {} } };
    const theirs = { a: 1, b: 5, projects: { "/x": { k: 9, deep: { v: 1, w: 1 } }, "/y": {} } };
    expect(mergeThreeWay(base, mine, theirs)).toEqual({
      a: 2,
      b: 5,
      projects: { "/x": { k: 9, deep: { v: 2 } }, "/y": {}, "/new": {} },
    });
  });

  it("changes nothing without a change, and is mine where only mine changed", () => {
    fc.assert(
      fc.property(config, config, (base, other) => {
        expect(mergeThreeWay(base, base, other)).toEqual(other);
        expect(mergeThreeWay({}, other, {})).toEqual(other);
      }),
    );
  });

  it("removes no key of theirs", () => {
    fc.assert(
      fc.property(config, config, config, (base, mine, theirs) => {
        const merged = mergeThreeWay(base, mine, theirs);
        for (const key of Object.keys(theirs)) expect(Object.hasOwn(merged, key)).toBe(true);
      }),
    );
  });
});

describe("a version", () => {
  it.each([
    [[2, 1, 330], true],
    [[2, 1, 200], true],
    [[2, 1, 199], false],
    [[2, 0, 999], false],
    [[3, 0, 0], true],
    [[2], false],
  ])("%j is 2.1.200 or later: %s", (version, is) => expect(isAtLeast(version, [2, 1, 200])).toBe(is));
});
