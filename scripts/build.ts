/**
 * Builds the package into dist/. Every dependency is bundled: the host's installer prunes what another adapter
 * installed, so the package must not need anything beside it. What the host loads at its start stays small; the
 * Kubernetes client and the rest are chunks that the first run loads.
 */

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { policyJsonSchema } from "../src/policy/rule-names.ts";
import { buildRunner } from "./build-runner.ts";
import { leanPackages, REQUIRE } from "./bundling.ts";
import { usualModes } from "./modes.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");

async function buildModules(): Promise<void> {
  await build({
    entryPoints: {
      index: join(root, "src/index.ts"),
      cli: join(root, "src/cli/index.ts"),
      bin: join(root, "src/cli/main.ts"),
    },
    outdir: dist,
    bundle: true,
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    format: "esm",
    platform: "node",
    target: "node20",
    banner: { js: REQUIRE },
    legalComments: "linked",
    logLevel: "warning",
    plugins: [leanPackages],
    metafile: true,
  }).then(({ metafile }) => writeFile(join(dist, "meta.json"), JSON.stringify(metafile)));
}

/** Paperclip's UI evaluates the file with `new Function`: CommonJS, one file, no imports. */
async function buildUiParser(): Promise<void> {
  await build({
    entryPoints: [join(root, "src/ui-parser.ts")],
    outfile: join(dist, "ui-parser.cjs"),
    bundle: true,
    format: "cjs",
    // For the annotation from which Node's ES modules learn the names of a CommonJS file's exports.
    platform: "node",
    target: "es2020",
    logLevel: "warning",
  });
}

/** The public entries' declarations and what they import, with the `.ts` of our sources turned into `.js`. */
async function buildTypes(): Promise<void> {
  const out = await mkdtemp(join(tmpdir(), "types-"));
  try {
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const args = [tsc, "-p", join(root, "tsconfig.types.json"), "--outDir", out];
    await promisify(execFile)(process.execPath, args, { cwd: root });
    const queue = ["src/index.d.ts", "src/cli/index.d.ts", "src/ui-parser.d.ts"];
    for (const file of queue) {
      const text = await readFile(join(out, file), "utf8");
      for (const [, path = ""] of text.matchAll(/from "(\.[^"]+)\.ts"/g)) {
        const imported = join(dirname(file), `${path}.d.ts`);
        if (!queue.includes(imported)) queue.push(imported);
      }
      // A CommonJS entry has CommonJS types, beside it.
      const isParser = file === "src/ui-parser.d.ts";
      const target = isParser ? join(dist, "ui-parser.d.cts") : join(dist, "types", relative("src", file));
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, text.replace(/(from "\.[^"]+)\.ts"/g, '$1.js"'));
    }
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

/** For editors of the operator's policy. */
async function buildPolicySchema(): Promise<void> {
  await writeFile(join(dist, "policy.schema.json"), `${JSON.stringify(policyJsonSchema(), null, 2)}\n`);
}

await rm(dist, { recursive: true, force: true });
await mkdir(dist);
await buildRunner();
await Promise.all([buildModules(), buildUiParser(), buildTypes(), buildPolicySchema()]);
const { files } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { files: string[] };
const packed = files.filter((name) => !name.startsWith("!"));
await usualModes(root, [...packed, "package.json", "README.md", "LICENSE"]);
