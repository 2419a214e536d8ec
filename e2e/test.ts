/** `npm run test:e2e [-- file or vitest option …]`: installs on first use, builds the package, checks types, runs the suite. */
import { join } from "node:path";
import { e2eFolder, ensureInstalled, packageFolder, rootFolder, run } from "./host/install.ts";

const bin = (path: string): string => join(rootFolder, "node_modules", path);

await ensureInstalled((text) => console.log(text));
if (packageFolder === rootFolder) await run(process.execPath, ["scripts/build.ts"], rootFolder);
await run(process.execPath, [bin("typescript/bin/tsc"), "-p", e2eFolder], rootFolder);
try {
  const args = ["run", "--config", join(e2eFolder, "vitest.config.ts"), ...process.argv.slice(2)];
  await run(process.execPath, [bin("vitest/vitest.mjs"), ...args], rootFolder);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
