/**
 * Programs that tests start as processes of their own, bundled as the package is: hundreds are started, in half of the
 * time. Together, since their sources are for the most part the same.
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { leanPackages, REQUIRE } from "../../scripts/bundling.ts";

const SOURCES = [
  "../attacks/support/governed-main.ts",
  "../attacks/support/victim-main.ts",
  "../../src/cli/main.ts",
  "../cluster/support/accountant-main.ts",
  "../cluster/support/adapter-main.ts",
  "../cluster/support/many-commands.ts",
  "../cluster/support/tester-main.ts",
];

/** Before the first test. Resolves with what removes them after the last. */
export default async function makePrograms(): Promise<() => Promise<void>> {
  const cache = fileURLToPath(new URL("../../node_modules/.cache/", import.meta.url));
  await mkdir(cache, { recursive: true });
  const outdir = await mkdtemp(join(cache, "test-programs-"));
  await build({
    entryPoints: SOURCES.map((source) => fileURLToPath(new URL(source, import.meta.url))),
    entryNames: "[name]",
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node20",
    banner: { js: REQUIRE },
    outdir,
    plugins: [leanPackages],
    logLevel: "error",
  });
  // Where program.ts looks for them.
  process.env.TEST_PROGRAMS = outdir;
  return () => rm(outdir, { recursive: true, force: true });
}
