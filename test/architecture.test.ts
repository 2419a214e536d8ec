/** Holds the rules of who may import whom: a wall that moves unnoticed is no wall. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** A folder of src/ and the folders that it may import; any may import itself. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  kubernetes: [],
  claude: ["runner/seal.ts"],
  paperclip: [],
  config: [],
  runner: [],
  words: ["ui-parser.ts"],
  run: ["kubernetes", "claude", "paperclip", "config", "runner", "words"],
  doctor: ["kubernetes", "claude", "paperclip", "config", "run"],
  cli: ["words", "paperclip/kept-files.ts", "doctor", "identity.ts", "runner"],
};

/** What the adapter may take from the runner: the wire between them, and the scripts it delivers. */
const runnersWire = ["frame.ts", "seal.ts", "spec.ts", "scripts.generated.ts"];

const importsOf = (file: string): string[] =>
  [...readFileSync(file, "utf8").matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map(([, path = ""]) =>
    join(dirname(file), path),
  );

const sources = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.includes("node_modules"))
    .map((name) => join(root, folder, name));

describe("the import rules", () => {
  it.each(Object.entries(allowed))("src/%s imports itself and %j", (folder, others) => {
    const broken: string[] = [];
    for (const file of sources(`src/${folder}`)) {
      for (const target of importsOf(file)) {
        const path = relative(join(root, "src"), target);
        const ok = [folder, ...others].some((place) => path === place || path.startsWith(`${place}/`));
        const wire = folder !== "runner" && path.startsWith("runner/");
        if (!ok || (wire && !runnersWire.includes(path.slice("runner/".length))))
          broken.push(`${relative(root, file)} → ${path}`);
      }
    }
    expect(broken).toEqual([]);
  });

  it("keeps src/ and the devcluster strangers", () => {
    const crossing = [...sources("src"), ...sources("devcluster")].flatMap((file) => {
      const home = relative(root, file).split("/")[0];
      return importsOf(file)
        .filter((target) => relative(root, target).split("/")[0] !== home)
        .filter((target) => ["src", "devcluster", "demo", "test"].includes(relative(root, target).split("/")[0] ?? ""))
        .map((target) => `${relative(root, file)} → ${relative(root, target)}`);
    });
    expect(crossing).toEqual([]);
  });

  it("finds the files that it judges", () => {
    for (const folder of Object.keys(allowed)) expect(sources(`src/${folder}`).length, folder).toBeGreaterThan(0);
  });
});
