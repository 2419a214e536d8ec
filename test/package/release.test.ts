/** What `npm run release` reads and writes; CI runs it whole, as a dry run. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { notesOf, released, sectionsOf } from "../../scripts/release/changelog.ts";
import { distTagOf, isVersion, versionsIn } from "../../scripts/release/versions.ts";
import { otherCheckout } from "./support/other-checkout.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const CHANGELOG = `# Changelog

## Unreleased

- Two ([why](docs/decisions/0002.md), [there](https://example.com)).

## 1.0.0 (2026-01-02)

- One.
`;

describe("the changelog", () => {
  it("has sections of the two kinds alone", async () => {
    const [first, ...rest] = sectionsOf(await readFile(join(root, "CHANGELOG.md"), "utf8"));
    expect(first?.title).toBe("Unreleased");
    for (const { title } of rest) expect(isVersion(title), title).toBe(true);
    expect(() => sectionsOf("## 1.0.0\n")).toThrow('"## 1.0.0" is neither');
    expect(() => sectionsOf("## Unreleased (2026-01-01)\n")).toThrow("is neither");
  });

  it("moves what is unreleased under its version, once, and never nothing", () => {
    const after = released(CHANGELOG, "1.1.0", "2026-02-03");
    expect(sectionsOf(after)).toMatchObject([
      { title: "Unreleased", text: "" },
      { title: "1.1.0", date: "2026-02-03", text: expect.stringContaining("- Two") },
      { title: "1.0.0", text: "- One." },
    ]);
    expect(() => released(after, "1.2.0", "2026-02-04")).toThrow("nothing to release");
    expect(() => released(CHANGELOG, "1.0.0", "2026-02-04")).toThrow("has 1.0.0 already");
  });

  it("gives a version's notes, whose links lead to the files of that version", () => {
    expect(notesOf(CHANGELOG, "1.0.0", null)).toBe("- One.");
    expect(notesOf(CHANGELOG, "1.1.0", "https://github.com/o/r")).toBe(
      "- Two ([why](https://github.com/o/r/blob/v1.1.0/docs/decisions/0002.md), [there](https://example.com)).",
    );
    expect(() => notesOf(released(CHANGELOG, "1.1.0", "2026-02-03"), "2.0.0", null)).toThrow("says nothing of 2.0.0");
  });
});

describe("a version", () => {
  it.each([
    ["1.2.3", "latest"],
    ["1.0.0-alpha.0", "next"],
    ["2.0.0-rc.1", "next"],
  ] as const)("%s is offered as %s", (version, tag) => {
    expect(isVersion(version)).toBe(true);
    expect(distTagOf(version)).toBe(tag);
  });

  it.each(["1.2", "v1.2.3", "01.2.3", "1.2.3+build", ""])("%o is none", (text) => {
    expect(isVersion(text)).toBe(false);
  });

  it("is the same in every file that says one", async () => {
    const versions = Object.values(await versionsIn(root));
    expect(versions).toHaveLength(5);
    expect(new Set(versions).size).toBe(1);
  });

  it("is written into all of them by one command", async () => {
    const other = await otherCheckout();
    try {
      await promisify(execFile)(process.execPath, ["scripts/release.ts", "prepare", "99.0.0"], { cwd: other.checkout });
      expect(new Set(Object.values(await versionsIn(other.checkout)))).toEqual(new Set(["99.0.0"]));
      const [unreleased, newest] = sectionsOf(await readFile(join(other.checkout, "CHANGELOG.md"), "utf8"));
      expect(unreleased).toMatchObject({ title: "Unreleased", text: "" });
      expect(newest).toMatchObject({ title: "99.0.0", date: expect.stringMatching(/^\d{4}-\d{2}-\d{2}$/) });
    } finally {
      await other.remove();
    }
  });
});
