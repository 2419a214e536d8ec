/** A process of the benchmark as one file: production loads a bundle too, and stripping types is not measured. */
import { join } from "node:path";
import { build } from "esbuild";
import { leanPackages, REQUIRE } from "../../scripts/bundling.ts";

export async function bundle(file: string, folder: string): Promise<string> {
  const outfile = join(folder, `${file.replaceAll("/", "-")}.mjs`);
  await build({
    entryPoints: [join(import.meta.dirname, file)],
    bundle: true,
    platform: "node",
    format: "esm",
    banner: { js: REQUIRE },
    plugins: [leanPackages],
    outfile,
    logLevel: "error",
  });
  return outfile;
}
