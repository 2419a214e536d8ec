/** A throw-away PAPERCLIP_HOME: one or several lives of a server happen in it, then nothing of it is left. */

import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./free-port.ts";
import { giveTo, serverUser, type User } from "./user.ts";

export interface PaperclipHome {
  readonly folder: string;
  readonly user: User | null;
  /** Ends the PostgreSQL that a killed server leaves behind, and removes everything. */
  remove(): Promise<void>;
}

export async function createHome(): Promise<PaperclipHome> {
  const user = serverUser();
  const folder = await mkdtemp(join(tmpdir(), "paperclip-e2e-"));
  await giveTo(user, folder, ...(await configure(folder)));
  const pidFile = join(folder, "instances/default/db/postmaster.pid");
  const lastResort = (): void => killPostgres(pidFile);
  process.once("exit", lastResort);
  return {
    folder,
    user,
    async remove() {
      await stopPostgres(pidFile);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
      process.off("exit", lastResort);
    },
  };
}

/**
 * A port of its own for PostgreSQL. By default (54329) each server of this machine takes the first that is free, with the
 * same name and password: one that outlived its own database goes on with the next server's, and runs its agents (measured).
 */
async function configure(folder: string): Promise<readonly string[]> {
  const instances = join(folder, "instances");
  const instance = join(instances, "default");
  await mkdir(instance, { recursive: true });
  const file = join(instance, "config.json");
  const at = (...path: string[]): string => join(instance, ...path);
  const config = {
    $meta: { version: 1, updatedAt: new Date().toISOString(), source: "onboard" },
    database: {
      embeddedPostgresDataDir: at("db"),
      embeddedPostgresPort: await freePort(),
      backup: { enabled: false, dir: at("data", "backups") },
    },
    logging: { mode: "file", logDir: at("logs") },
    server: {},
    telemetry: { enabled: false },
    storage: { localDisk: { baseDir: at("data", "storage") } },
    secrets: { localEncrypted: { keyFilePath: at("secrets", "master.key") } },
  };
  await writeFile(file, JSON.stringify(config));
  return [instances, instance, file];
}

/** Milliseconds that PostgreSQL gets for its fast shutdown, and again for its immediate one. */
const PATIENCE_MS = 10_000;

async function stopPostgres(pidFile: string): Promise<void> {
  const pid = firstNumber(await readFile(pidFile, "utf8").catch(() => ""));
  if (pid === null || !signal(pid, "SIGINT")) return;
  const deadline = performance.now() + PATIENCE_MS;
  let quit = false;
  while (signal(pid, 0)) {
    const late = performance.now() - deadline;
    if (late > 0 && !quit) quit = signal(pid, "SIGQUIT");
    // A zombie that nobody reaps answers for ever.
    if (late > PATIENCE_MS) return;
    await sleep(100);
  }
}

function killPostgres(pidFile: string): void {
  try {
    const pid = firstNumber(readFileSync(pidFile, "utf8"));
    if (pid !== null) signal(pid, "SIGQUIT");
  } catch {
    // No file: no PostgreSQL.
  }
}

const firstNumber = (text: string): number | null => Number.parseInt(text, 10) || null;

/** False when there is no such process. */
export function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}
