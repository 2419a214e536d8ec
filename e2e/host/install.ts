/** Brings e2e's own packages (the server, a browser's driver) on first use, so that the root's `npm ci` stays light. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const e2eFolder = fileURLToPath(new URL("..", import.meta.url));
export const rootFolder = fileURLToPath(new URL("../..", import.meta.url));
/** The built package: this checkout, unless E2E_PACKAGE names another folder. */
export const packageFolder = process.env.E2E_PACKAGE ?? rootFolder;

/** Does nothing when the lock file is that of the last installation. Throws when npm fails; its words are shown. */
export async function ensureInstalled(say: (text: string) => void = () => {}): Promise<void> {
  const lock = createHash("sha256")
    .update(await readFile(join(e2eFolder, "package-lock.json")))
    .digest("hex");
  const stamp = join(e2eFolder, "node_modules", ".lock-sha256");
  if ((await readFile(stamp, "utf8").catch(() => "")) === lock) return;
  say("installing the Paperclip server into e2e/node_modules (once, about 1.5 GB)");
  await run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], e2eFolder);
  await writeFile(stamp, lock);
}

/** Resolves when the program ends well; its output goes to ours. */
export async function run(program: string, args: readonly string[], cwd: string): Promise<void> {
  const child = spawn(program, args, { cwd, stdio: ["ignore", "inherit", "inherit"] });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
  if (code !== 0) throw new Error(`\`${program} ${args.join(" ")}\` ended with code ${code}`);
}
