/** Compiles the package into dist/: JavaScript for Node, and the declarations that its one entry leads to. */
import { execFile } from "node:child_process";
import { chmod, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const typescript = createRequire(import.meta.url).resolve("typescript/package.json");

await rm(dist, { recursive: true, force: true });
const tsc = join(dirname(typescript), "bin/tsc");
await promisify(execFile)(process.execPath, [tsc, "-p", join(root, "tsconfig.build.json")]);
await chmod(join(dist, "devcluster/bin/devcluster.js"), 0o755);

const reached = [join(dist, "devcluster/src/index.d.ts")];
for (const file of reached) {
  const text = await readFile(file, "utf8");
  for (const [, path = ""] of text.matchAll(/(?:from |import\()"(\.[^"]+)\.ts"/g)) {
    const imported = join(dirname(file), `${path}.d.ts`);
    if (!reached.includes(imported)) reached.push(imported);
  }
  // The compiler renames the imports of JavaScript only.
  await writeFile(file, text.replace(/((?:from |import\()"\.[^"]+)\.ts"/g, '$1.js"'));
}
for (const name of await readdir(dist, { recursive: true })) {
  const file = join(dist, name);
  if (name.endsWith(".d.ts") && !reached.includes(file)) await rm(file);
}
