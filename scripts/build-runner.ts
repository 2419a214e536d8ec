/**
 * Bundles the runner into one dependency-free script and writes it, with the POSIX sh entry beside it, as a TypeScript
 * module that the adapter puts into a run's Secret. Runs on `npm ci` (prepare), before the tests and before a build,
 * so that a checkout never carries a stale copy.
 */
import { readFile, rename, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const runner = (name: string): string => fileURLToPath(new URL(`../src/runner/${name}`, import.meta.url));

/** Of start.sh, in order: one script in the pod, which says what it is for in its first lines. */
const START = ["begin", "trust", "seal", "child", "node", "stop", "prepare", "agent", "end"];
/** Of the one script for the workspace, in order. */
const WORKSPACE = ["common", "git", "clone", "renew", "setup", "keep", "main"];

export async function buildRunner(): Promise<void> {
  const bundle = await build({
    entryPoints: [runner("main.ts")],
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    // The oldest Node that start.sh hands over to; images bring their own.
    target: "node18",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
  });
  const script = bundle.outputFiles[0]?.text;
  if (!script) throw new Error("esbuild gave no output for the runner");
  const start = await joined("start", START);
  const probe = await readFile(runner("probe.sh"), "utf8");
  const workspace = await joined("workspace", WORKSPACE);
  const credential = await readFile(runner("workspace/credential.sh"), "utf8");
  await replace(
    runner("scripts.generated.ts"),
    [
      "// Made by scripts/build-runner.ts from main.ts and the scripts beside it; not committed.",
      `export const runnerScript = ${JSON.stringify(script)};`,
      `export const startScript = ${JSON.stringify(start)};`,
      `export const probeScript = ${JSON.stringify(probe)};`,
      `export const workspaceScript = ${JSON.stringify(workspace)};`,
      `export const credentialScript = ${JSON.stringify(credential)};`,
      "",
    ].join("\n"),
  );
}

async function joined(folder: string, parts: readonly string[]): Promise<string> {
  const texts = await Promise.all(parts.map((part) => readFile(runner(`${folder}/${part}.sh`), "utf8")));
  return texts.join("\n");
}

/** Each suite builds it, and somebody may run two at once: nobody reads half a file. */
async function replace(path: string, text: string): Promise<void> {
  if ((await readFile(path, "utf8").catch(() => null)) === text) return;
  const next = `${path}.${process.pid}`;
  await writeFile(next, text);
  await rename(next, path);
}

if (import.meta.main) await buildRunner();
