/** This checkout once more at another path: its files as they are now, with other permissions and times. */
import { execFile } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readdir, rm, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Packages that no build reads, and the largest. */
const UNREAD = /^(\.cache|@anthropic-ai|node-.*|@biomejs)$/;
const LONG_AGO = new Date("2001-02-03T04:05:06Z");

export interface OtherCheckout {
  /** Holds nothing but the checkout. */
  readonly folder: string;
  readonly checkout: string;
  remove(): Promise<void>;
}

export async function otherCheckout(): Promise<OtherCheckout> {
  // On the same disk, so that packages can be hard links; not below node_modules, where Node runs no TypeScript.
  const cache = join(root, ".tmp");
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, "checkout-"));
  const checkout = join(folder, "a-longer-path/checkout");
  const { stdout } = await run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root });
  for (const file of new Set(stdout.split("\0").filter(Boolean))) {
    const path = join(checkout, file);
    await mkdir(dirname(path), { recursive: true });
    // A file that is deleted and not yet committed.
    await cp(join(root, file), path).catch(() => undefined);
    await chmod(path, 0o600).catch(() => undefined);
    await utimes(path, LONG_AGO, LONG_AGO).catch(() => undefined);
  }
  await mkdir(join(checkout, "node_modules"));
  const packages = (await readdir(join(root, "node_modules"))).filter((name) => !UNREAD.test(name));
  const sources = packages.map((name) => join(root, "node_modules", name));
  await run("cp", ["-al", ...sources, join(checkout, "node_modules")]);
  return { folder, checkout, remove: () => rm(folder, { recursive: true, force: true }) };
}
