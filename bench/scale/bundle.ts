/** A process of the benchmark as one file: production loads a bundle too, and stripping types is not measured. */
import { join } from "node:path";
import { build } from "esbuild";

const JS = "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);";

export async function bundle(file: string, folder: string): Promise<string> {
  const outfile = join(folder, `${file.replaceAll("/", "-")}.mjs`);
  await build({
    entryPoints: [join(import.meta.dirname, file)],
    bundle: true,
    platform: "node",
    format: "esm",
    banner: { js: JS },
    outfile,
    logLevel: "error",
  });
  return outfile;
}
