/**
 * Bundles the runner into one dependency-free script and writes it, with the POSIX sh entry beside it, as a TypeScript
 * module that the adapter puts into a run's Secret. Runs on `npm ci` (prepare), before the tests and before a build,
 * so that a checkout never carries a stale copy.
 */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const runner = (name: string): string => fileURLToPath(new URL(`../src/runner/${name}`, import.meta.url));

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
  const start = await readFile(runner("start.sh"), "utf8");
  const probe = await readFile(runner("probe.sh"), "utf8");
  await writeFile(
    runner("scripts.generated.ts"),
    [
      "// Made by scripts/build-runner.ts from main.ts, start.sh and probe.sh; not committed.",
      `export const runnerScript = ${JSON.stringify(script)};`,
      `export const startScript = ${JSON.stringify(start)};`,
      `export const probeScript = ${JSON.stringify(probe)};`,
      "",
    ].join("\n"),
  );
}

if (import.meta.main) await buildRunner();
