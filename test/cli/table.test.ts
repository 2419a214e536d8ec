import { expect, it } from "vitest";
import { age, shortId } from "../../src/cli/terminal/age.ts";
import { table } from "../../src/cli/terminal/table.ts";

it("aligns columns, wraps the last one on a terminal, and lets no escape sequence through", () => {
  const rows = [
    ["A", "B", "WHY"],
    ["Ada\u001b[31m", "12", "no node of the cluster has room for it at the moment"],
    ["漢字", "3", ""],
  ];
  expect(table(rows, 40)).toEqual([
    "A     B   WHY",
    "Ada   12  no node of the cluster has",
    "          room for it at the moment",
    "漢字  3",
  ]);
  expect(table(rows, null)[1]).toBe("Ada   12  no node of the cluster has room for it at the moment");
});

it("tells ages as kubectl does, and short names as Paperclip's pages do", () => {
  const now = Date.parse("2026-01-03T00:00:00Z");
  const ages = [
    "2026-01-02T23:59:30Z",
    "2026-01-02T23:30:00Z",
    "2026-01-02T19:00:00Z",
    "2025-12-31T00:00:00Z",
    "never",
  ];
  expect(ages.map((since) => age(since, now))).toEqual(["30s", "30m", "5h", "3d", "?"]);
  expect(shortId("6c023c8f-29ab-42aa-8a5d-042e543333aa")).toBe("6c023c8f");
  expect(shortId("run-1")).toBe("run-1");
});
