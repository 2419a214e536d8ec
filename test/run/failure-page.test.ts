import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { VERDICT_CODES } from "../../src/run/verdict/verdict.ts";

it("docs/when-a-run-fails.md explains every code that a run can end with, and no other", async () => {
  const page = await readFile(new URL("../../docs/when-a-run-fails.md", import.meta.url), "utf8");
  const table = page.split("\n").filter((line) => line.startsWith("| `"));
  const explained = table.flatMap((line) =>
    [...(line.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)].map(([, code]) => code),
  );
  expect(explained.toSorted()).toEqual([...VERDICT_CODES].toSorted());
});
