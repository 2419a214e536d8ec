import { expect, test } from "vitest";
import { spansOf } from "../picture/spans.ts";
import { terminalSvg } from "../picture/svg.ts";

const plain = { color: null, bold: false, dim: false, italic: false };

test("a line becomes spans of one style each", () => {
  expect(spansOf("a \u001b[32mb\u001b[39m\u001b[2m\u001b[3mc\u001b[23m\u001b[22md")).toEqual([
    { text: "a ", column: 0, ...plain },
    { text: "b", column: 2, ...plain, color: "green" },
    { text: "c", column: 3, ...plain, dim: true, italic: true },
    { text: "d", column: 4, ...plain },
  ]);
});

test.each(["\u001b[2J", "\u001b]0;title\u0007", "\u001b[48m"])("%j is no style, so it is no picture", (line) => {
  expect(() => spansOf(line)).toThrow();
});

test("the picture has its size whatever is in it", () => {
  const size = { columns: 80, rows: 4 };
  const head = (svg: string): string | undefined => svg.split("\n")[0];
  const short = terminalSvg(["a"], size, "t");
  expect(head(terminalSvg(["a", "b".repeat(80), "", "c"], size, "t"))).toBe(head(short));
  expect(() => terminalSvg(["1", "2", "3", "4", "5"], size, "t")).toThrow("5 lines do not fit into 4 rows");
});

test("text stays text, on its grid", () => {
  const svg = terminalSvg(["  \u001b[31m<a> & b\u001b[39m"], { columns: 20, rows: 1 }, "t");
  expect(svg).toContain('x="36.8" y="56" textLength="58.8" fill="#ff7b72">&lt;a&gt; &amp; b</text>');
});
