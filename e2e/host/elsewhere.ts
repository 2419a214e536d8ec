/**
 * As root, the server runs as an unprivileged user (see user.ts), who may not enter a checkout in a folder of root's own,
 * such as /root or what `mktemp -d` makes. Then the same command runs in a copy made of hard links, and nothing about
 * the checkout's permissions is changed.
 */
import { spawn } from "node:child_process";
import { chmod, cp, mkdtemp, rm } from "node:fs/promises";
import { constants } from "node:os";
import { join, relative } from "node:path";
import { e2eFolder, rootFolder, run } from "./install.ts";
import { blockingFolder, serverUser } from "./user.ts";

/** Disk, not memory; a folder that everybody may enter. */
const PLACE = "/var/tmp";

/** Null: the checkout can be used where it is. Otherwise the exit code of `script`, run in a copy that is gone again. */
export async function runElsewhere(script: string, say: (text: string) => void): Promise<number | null> {
  const blocking = await blockingFolder(serverUser(), rootFolder);
  if (blocking === null) return null;
  const copy = await mkdtemp(join(PLACE, "claude-k8s-e2e-"));
  try {
    await chmod(copy, 0o755);
    say(`root's own folder ${blocking} is closed to the server's user: running in a copy, ${copy}`);
    await link(rootFolder, copy);
    const there = (path: string): string => {
      const inside = relative(rootFolder, path);
      return inside.startsWith("..") ? path : join(copy, inside);
    };
    // Node itself is one of the checkout's packages.
    return await again(there(process.execPath), there(script), copy);
  } finally {
    const artifacts = join(e2eFolder, "artifacts");
    await cp(join(copy, relative(rootFolder, artifacts)), artifacts, { recursive: true }).catch(() => undefined);
    await rm(copy, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Hard links where the file system allows, copies elsewhere. */
async function link(from: string, to: string): Promise<void> {
  const copying = (how: string): Promise<void> => run("cp", [how, `${from}/.`, to], from);
  await copying("-al").catch(() => copying("-a"));
}

async function again(node: string, script: string, cwd: string): Promise<number> {
  const child = spawn(node, [script, ...process.argv.slice(2)], { cwd, stdio: "inherit" });
  // A terminal's Ctrl-C reaches the child by itself; the other one is passed on.
  const wait = (): void => undefined;
  const pass = (): void => void child.kill("SIGTERM");
  process.on("SIGINT", wait).on("SIGTERM", pass);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code, name) => resolve(code ?? 128 + (name ? constants.signals[name] : 0)));
    });
  } finally {
    process.off("SIGINT", wait).off("SIGTERM", pass);
  }
}
