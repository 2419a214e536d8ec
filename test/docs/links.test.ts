/** Every link of every page leads somewhere: to a file that git knows, and to a heading that is there. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { anchorsOf, linksOf } from "./support/markdown.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const tracked = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: root })
  .toString()
  .trim()
  .split("\n");
const files = new Set(tracked);
const folders = new Set(tracked.flatMap((file) => parents(file)));
const pages = tracked.filter((file) => file.endsWith(".md"));

function parents(file: string): readonly string[] {
  const parent = dirname(file);
  return parent === "." ? ["."] : [parent, ...parents(parent)];
}

const read = (file: string): string => readFileSync(join(root, file), "utf8");
const isElsewhere = (target: string): boolean => /^[a-z][a-z+.-]*:/i.test(target);

/** What is wrong with a link of that page; null when it leads somewhere. */
function problemOf(page: string, target: string): string | null {
  if (isElsewhere(target)) return URL.canParse(target) ? null : "is no URL";
  const [path = "", anchor] = target.split("#");
  const file = path === "" ? page : normalize(join(dirname(page), decodeURIComponent(path))).replace(/\/$/, "");
  if (!files.has(file)) return folders.has(file) && anchor === undefined ? null : "leads to no file";
  if (anchor === undefined || !file.endsWith(".md")) return null;
  return anchorsOf(read(file)).has(anchor) ? null : `leads to no heading of ${file}`;
}

describe("the links of the documentation", () => {
  it.each(pages)("%s", (page) => {
    const wrong = linksOf(read(page)).flatMap(({ target, line }) => {
      const problem = problemOf(page, target);
      return problem === null ? [] : [`${page}:${line} ${target} ${problem}`];
    });
    expect(wrong).toEqual([]);
  });

  it("are many, within the pages and between them", () => {
    const all = pages.flatMap((page) => linksOf(read(page)).map(({ target }) => target));
    expect(all.filter((target) => target.includes("#") && !isElsewhere(target)).length).toBeGreaterThan(30);
    expect(all.filter((target) => !isElsewhere(target)).length).toBeGreaterThan(150);
  });

  it("lead to each page of docs/ and each decision from somewhere", () => {
    const linked = new Set(
      pages.flatMap((page) =>
        linksOf(read(page)).map(({ target }) => normalize(join(dirname(page), target.split("#")[0] ?? ""))),
      ),
    );
    const lonely = pages.filter((page) => /^docs\/[^/]+\.md$|^docs\/recipes\//.test(page) && !linked.has(page));
    expect(lonely).toEqual([]);
  });
});

describe("a link and an anchor", () => {
  it("are read as GitHub reads them", () => {
    const page = [
      "# The *first*: `a-b` and [more](x.md)!",
      "## Same",
      "## Same",
      '[one](a.md#b), ![two](c.svg) `[no](d.md)` <a href="e.md">three</a>',
      "```sh",
      "# no heading",
      "[no](f.md)",
      "```",
      '[four](g.md "title")',
    ].join("\n");
    expect(linksOf(page)).toEqual([
      { target: "x.md", line: 1 },
      { target: "a.md#b", line: 4 },
      { target: "c.svg", line: 4 },
      { target: "g.md", line: 9 },
      { target: "e.md", line: 4 },
    ]);
    expect([...anchorsOf(page)]).toEqual(["the-first-a-b-and-more", "same", "same-1"]);
  });
});
