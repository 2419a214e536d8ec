import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { configurationPage, pagePath } from "../../scripts/configuration-page.ts";

it("docs/configuration.md says what the table of settings says", async () => {
  expect(await readFile(pagePath, "utf8")).toBe(configurationPage());
});
