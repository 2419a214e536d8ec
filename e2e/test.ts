/** `npm run test:e2e [-- file or vitest option …]`: installs on first use, builds the package, checks types, runs the suite. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runElsewhere } from "./host/elsewhere.ts";
import { e2eFolder, ensureInstalled, packageFolder, rootFolder, run } from "./host/install.ts";

const bin = (path: string): string => join(rootFolder, "node_modules", path);
const say = (text: string): void => console.log(text);

async function test(): Promise<number> {
  if (packageFolder === rootFolder) await run(process.execPath, ["scripts/build.ts"], rootFolder);
  await run(process.execPath, [bin("typescript/bin/tsc"), "-p", e2eFolder], rootFolder);
  const args = ["run", "--config", join(e2eFolder, "vitest.config.ts"), ...process.argv.slice(2)];
  await run(process.execPath, [bin("vitest/vitest.mjs"), ...args], rootFolder);
  return 0;
}

try {
  await ensureInstalled(say);
  process.exitCode = (await runElsewhere(fileURLToPath(import.meta.url), say)) ?? (await test());
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
