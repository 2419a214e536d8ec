/** Whatever is not run by test/docs/commands.test.ts says in its page's source who runs it, or why nobody does. */
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { commands } from "../../src/cli/commands.ts";
import { blocksOf, inlineCodeOf, namelessFences, pages, root, sourceOf } from "./support/commands.ts";

const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: object };
const all = pages.flatMap((page) => blocksOf(page));

describe("the marks of the documentation's commands", () => {
  it("give a reason in words where nothing runs them", () => {
    const reasons = all.flatMap(({ page, line, mark }) => (mark.kind === "not run" ? [{ page, line, ...mark }] : []));
    expect(reasons.filter(({ says }) => says.split(" ").length < 4)).toEqual([]);
  });

  it("name a test that reads the page", () => {
    const named = all.flatMap(({ page, line, mark }) => (mark.kind === "run by" ? [{ page, line, test: mark.says }] : []));
    const wrong = named.filter(
      ({ page, test }) =>
        !(test.endsWith(".test.ts") && existsSync(join(root, test))) ||
        !readFileSync(join(root, test), "utf8").includes(basename(page)),
    );
    expect(wrong).toEqual([]);
  });

  it("stand before a block, each", () => {
    for (const page of pages) {
      const comments = sourceOf(page).match(/^<!--\s*(?:not run|run|first)\b.*$/gim) ?? [];
      const attached = blocksOf(page).flatMap(({ mark, first }) => [mark.kind !== "run", first !== ""]).filter(Boolean);
      expect(attached.length, page).toBe(comments.length);
    }
  });
});

describe("what looks like a command", () => {
  it("is in a fence that says what it holds", () => {
    expect(pages.flatMap((page) => namelessFences(sourceOf(page)).map((text) => ({ page, text })))).toEqual([]);
  });

  it.each(pages)("exists where a sentence of %s names it", (page) => {
    const inline = inlineCodeOf(sourceOf(page));
    const named = (pattern: RegExp) => inline.flatMap((text) => pattern.exec(text)?.[1] ?? []);
    expect(named(/^npm run (?:-s )?([\w:-]+)/).filter((name) => !(name in scripts))).toEqual([]);
    expect(named(/^claude-k8s ([a-z]\S*)/).filter((name) => !(name in commands))).toEqual([]);
    expect(named(/^(?:npx )?node ((?:scripts|bench|demo)\/\S+)/).filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });
});

describe("a block", () => {
  it("is found with its line, its mark, and what goes first, also in a list; of other languages it is none", () => {
    const page = [
      "# Title",
      "```sh",
      "one",
      "```",
      "",
      "<!-- not run: needs a cloud of its own -->",
      "```bash",
      "two",
      "```",
      "<!-- not run: stands before a sentence -->",
      "A sentence.",
      "",
      "* item",
      "",
      "  <!-- first: zero -->",
      "  <!-- run by: test/x.test.ts -->",
      "  ```sh",
      "  three",
      "  ```",
      "```yaml",
      "four: 4",
      "```",
    ].join("\n");
    expect(blocksOf("p.md", page)).toEqual([
      { page: "p.md", line: 2, text: "one", mark: { kind: "run" }, first: "" },
      { page: "p.md", line: 7, text: "two", mark: { kind: "not run", says: "needs a cloud of its own" }, first: "" },
      { page: "p.md", line: 17, text: "three", mark: { kind: "run by", says: "test/x.test.ts" }, first: "zero" },
    ]);
  });
});
