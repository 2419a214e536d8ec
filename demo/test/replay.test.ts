import fc from "fast-check";
import { expect, test } from "vitest";
import { Replay } from "../restart/replay.ts";

const lines = fc.array(fc.string());

test("what a second process repeats is known, up to its last line, and what follows is new", () => {
  fc.assert(
    fc.property(lines, lines, (before, after) => {
      const replay = new Replay(before);
      const repeated = before.map((_, index) => (index === before.length - 1 ? "last" : "again"));
      expect([...before, ...after].map((line) => replay.push(line))).toEqual([
        ...repeated,
        ...after.map(() => "fresh"),
      ]);
    }),
  );
});

test("another line in place of a repeated one differs", () => {
  fc.assert(
    fc.property(lines, fc.string(), lines, fc.string(), (before, expected, after, line) => {
      fc.pre(line !== expected);
      const replay = new Replay([...before, expected, ...after]);
      for (const each of before) replay.push(each);
      expect(replay.push(line)).toBe("differs");
    }),
  );
});
