import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { metricsPage, metricsPagePath } from "../../scripts/metrics-page.ts";

it("docs/metrics.md says what the table of instruments says", async () => {
  expect(await readFile(metricsPagePath, "utf8")).toBe(metricsPage());
});
