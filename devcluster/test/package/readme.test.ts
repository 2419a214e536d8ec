/** The package as it would be published: packed, unpacked beside its dependencies, and used as its README says. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kubectlVersion } from "../kubectl/kubectl.ts";

const run = promisify(execFile);
const packageFolder = fileURLToPath(new URL("../..", import.meta.url));
const modules = fileURLToPath(new URL("../../../node_modules", import.meta.url));

/** A project that has installed the package and what it depends on, and nothing else. */
let project = "";
let files: readonly string[] = [];

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), "kube-devcluster-"));
  await run(process.execPath, [join(packageFolder, "scripts/build.ts")]);
  const pack = ["pack", "--ignore-scripts", "--json", "--pack-destination", project];
  const { stdout } = await run("npm", pack, { cwd: packageFolder });
  const packed: unknown = JSON.parse(stdout);
  const [entry] = (Array.isArray(packed) ? packed : Object.values(packed as object)) as Packed[];
  if (!entry) throw new Error("npm packed nothing");
  files = entry.files.map(({ path }) => path);
  const installed = join(project, "node_modules/kube-devcluster");
  await mkdir(join(project, "node_modules/.bin"), { recursive: true });
  await run("tar", ["xzf", join(project, entry.filename), "-C", project]);
  await run("mv", [join(project, "package"), installed]);
  await symlink("../kube-devcluster/dist/devcluster/bin/devcluster.js", join(project, "node_modules/.bin/devcluster"));
  const manifest = JSON.parse(await readFile(join(installed, "package.json"), "utf8"));
  for (const name of [...Object.keys(manifest.dependencies), "@types/node", "undici-types"]) {
    await mkdir(dirname(join(project, "node_modules", name)), { recursive: true });
    await symlink(join(modules, name), join(project, "node_modules", name));
  }
  await writeFile(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
}, 120_000);
afterAll(() => rm(project, { recursive: true, force: true }));

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

interface Example {
  readonly title: string;
  readonly language: string;
  readonly code: string;
  /** What it prints; undefined for one that only must not fail. */
  readonly output: string | undefined;
}

const EXAMPLE = /^### (\d\. [^\n]+)\n(?:(?!^###? ).*\n)*?```(sh|js)\n([\s\S]*?)```\n(?:\n```text\n([\s\S]*?)```\n)?/gm;
const readme = readFileSync(join(packageFolder, "README.md"), "utf8");
const examples = [...readme.matchAll(EXAMPLE)].map(
  ([, title = "", language = "", code = "", output]): Example => ({ title, language, code, output }),
);

/** Programs of the project, and this Node, before the machine's. */
const env = () => ({
  HOME: project,
  TMPDIR: project,
  PATH: [join(project, "node_modules/.bin"), dirname(process.execPath), process.env.PATH].join(delimiter),
});

async function outputOf({ language, code }: Example): Promise<string> {
  const options = { cwd: project, env: env(), timeout: 60_000 };
  if (language === "sh") {
    // What the devcluster itself prints goes to its own terminal.
    const quiet = code.replace(/ &$/m, " >devcluster.log &");
    const { stdout } = await run("sh", ["-ec", `trap 'kill $! 2>/dev/null || true' EXIT\n${quiet}`], options);
    return stdout;
  }
  const file = join(project, "example.mjs");
  await writeFile(file, code);
  return (await run(process.execPath, [file], options)).stdout;
}

describe("the README", () => {
  it("has five examples", () => {
    expect(examples.map(({ title }) => title.slice(0, 2))).toEqual(["1.", "2.", "3.", "4.", "5."]);
  });

  it.each(examples)("$title", async (example) => {
    if (example.code.includes("kubectl ") && kubectlVersion === undefined) return;
    const printed = await outputOf(example);
    if (example.output === undefined) expect(printed).toMatch(/\bfail 0\b/);
    else expect(printed).toBe(example.output);
  });
});

describe("the package", () => {
  it("has compiled code, the declarations of its entry, and its licence", () => {
    expect(files).toEqual(
      expect.arrayContaining(["LICENSE", "README.md", "package.json", "dist/devcluster/bin/devcluster.js"]),
    );
    expect(files).toEqual(expect.arrayContaining(["dist/devcluster/src/index.js", "dist/devcluster/src/index.d.ts"]));
    expect(files.filter((path) => /(?<!\.d)\.ts$/.test(path) || /\btest\b/.test(path))).toEqual([]);
    expect(files.filter((path) => !path.startsWith("dist/")).toSorted()).toEqual([
      "LICENSE",
      "README.md",
      "package.json",
    ]);
  });

  it("is typed for a strict project that checks its libraries too", async () => {
    const consumer = `
      import { type Devcluster, type Fault, fastTimings, type KubeObject, startDevcluster } from "kube-devcluster";
      const cluster: Devcluster = await startDevcluster({ images: { a: { path: ["/x"] } }, timings: fastTimings });
      const fault: Fault = cluster.faults.add({ action: { kind: "stall" } });
      const pod: KubeObject | undefined = cluster.store.get("pods", "default", "x");
      export const seen: [number, unknown] = [fault.hits, pod?.status];
      // @ts-expect-error: there is no such fault
      cluster.faults.add({ action: { kind: "explode" } });
    `;
    await writeFile(join(project, "consumer.ts"), consumer);
    const strict = ["--strict", "--noEmit", "--skipLibCheck", "false", "--types", "node"];
    const how = ["--target", "es2024", "--lib", "es2024,esnext.disposable", "--module", "nodenext"];
    const tsc = join(modules, "typescript/bin/tsc");
    const compiled = run(process.execPath, [tsc, ...strict, ...how, "consumer.ts"], { cwd: project });
    expect(
      await compiled.then(
        () => "",
        (error) => error.stdout,
      ),
    ).toBe("");
  });
});
