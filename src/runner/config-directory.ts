import { lstat, mkdir, readdir, readFile, realpath, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { claudeVersion, isAtLeast } from "./claude-version.ts";
import { withLock } from "./directory-lock.ts";
import { isObject, type Json } from "./json-line.ts";
import { mergeThreeWay } from "./three-way.ts";

/** The file that Claude Code rewrites whole: beside the directory of a home, in a directory that CLAUDE_CONFIG_DIR names. */
const CONFIG_FILE = ".claude.json";
const LOGIN_FILE = ".credentials.json";

/** Made in the home before they are linked, so that what Claude Code (2.1.330) puts there is kept. */
const KEPT_FOLDERS = ["projects", "plugins", "agents", "commands", "skills", "todos", "tasks", "plans", "file-history"];

/** Of one machine or of one process (named by its number, which other pods have too): not shared, and gone with the run. */
const OWN = new Set(["backups", "daemon", "ide", "jobs", "session-env", "sessions", "shell-snapshots", "telemetry"]);

/**
 * Versions before do not know CLAUDE_SECURESTORAGE_CONFIG_DIR (2.1.100 has no such name in its program, 2.1.200 has). They
 * lock the directory of the configuration to refresh a login, so with a login they must share it.
 */
const KNOWS_LOGIN_DIRECTORY = [2, 1, 200];

/** Larger files beside the linked ones are not brought home. */
const MAX_BYTES = 1024 * 1024;
const LOCK_WAIT_MS = 3_000;

/** A configuration directory of this run alone, whose contents are links into the home. */
export interface ConfigDirectory {
  /** For the agent. */
  readonly environment: Readonly<Record<string, string>>;
  /** Brings home what the run changed. */
  bringHome(): Promise<void>;
}

/**
 * Makes the directory for an agent whose home other pods use at this moment. The login stays in the home, where Claude
 * Code refreshes it under a lock of its own, across pods too (measured with 2.1.330: six at once, a refresh token that
 * serves once). Null when the agent has its own directory, or must share the home's.
 */
export async function makeConfigDirectory(
  directory: string,
  command: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<ConfigDirectory | null> {
  const { HOME: home, PATH = "", CLAUDE_CONFIG_DIR, CLAUDE_SECURESTORAGE_CONFIG_DIR } = env;
  if (!home || CLAUDE_CONFIG_DIR || CLAUDE_SECURESTORAGE_CONFIG_DIR !== undefined) return null;
  const shared = join(home, ".claude");
  if (await hasLogin(shared)) {
    const version = await claudeVersion(command, PATH);
    if (version === null || !isAtLeast(version, KNOWS_LOGIN_DIRECTORY)) return null;
  }
  await mkdir(directory, { recursive: true, mode: 0o700 });
  for (const name of KEPT_FOLDERS) await mkdir(join(shared, name), { recursive: true });
  for (const name of await readdir(shared))
    if (!OWN.has(name) && !name.startsWith(CONFIG_FILE)) await symlink(join(shared, name), join(directory, name));
  const file = join(home, CONFIG_FILE);
  const base = await readWhole(file);
  if (base) await writeFile(join(directory, CONFIG_FILE), JSON.stringify(base, null, 2), { mode: 0o600 });
  return {
    environment: { CLAUDE_CONFIG_DIR: directory, CLAUDE_SECURESTORAGE_CONFIG_DIR: shared },
    async bringHome() {
      await mergeConfig(file, base ?? {}, await readJson(join(directory, CONFIG_FILE)));
      for (const name of await readdir(directory)) await bringFile(directory, shared, name);
    },
  };
}

const hasLogin = async (shared: string): Promise<boolean> =>
  isObject((await readJson(join(shared, LOGIN_FILE)))?.claudeAiOauth);

async function mergeConfig(file: string, base: Json, mine: Json | null): Promise<void> {
  if (mine === null || JSON.stringify(mine) === JSON.stringify(base)) return;
  const target = await realpath(file).catch(() => file);
  await withLock(`${target}.lock`, LOCK_WAIT_MS, async () => {
    const theirs = await readJson(target);
    // A file that is no JSON is left to Claude Code, which keeps a copy of it.
    if (theirs === null && (await exists(target))) return;
    const merged = mergeThreeWay(base, mine, theirs ?? {});
    if (JSON.stringify(merged) !== JSON.stringify(theirs)) await replace(target, JSON.stringify(merged, null, 2));
  });
}

/** What Claude Code made beside the links, or put in the place of one: a file as a rule; folders are made before. */
async function bringFile(directory: string, shared: string, name: string): Promise<void> {
  const source = join(directory, name);
  const found = await lstat(source);
  if (!found.isFile() || found.size > MAX_BYTES) return;
  if (name.startsWith(CONFIG_FILE)) return;
  const content = await readFile(source);
  const target = await realpath(join(shared, name)).catch(() => join(shared, name));
  if (name === LOGIN_FILE && expiryOf(await readJson(target)) >= expiryOf(await readJson(source))) return;
  await replace(target, content);
}

function expiryOf(login: Json | null): number {
  const oauth = login?.claudeAiOauth;
  return isObject(oauth) && typeof oauth.expiresAt === "number" ? oauth.expiresAt : 0;
}

async function readJson(file: string): Promise<Json | null> {
  try {
    const value: unknown = JSON.parse(await readFile(file, "utf8"));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** Waits for a writer that does not replace the file in one step. */
async function readWhole(file: string): Promise<Json | null> {
  for (let tries = 5; tries > 0; tries -= 1) {
    const read = await readJson(file);
    if (read !== null || !(await exists(file))) return read;
    await sleep(50);
  }
  return null;
}

const exists = (file: string): Promise<boolean> =>
  lstat(file).then(
    () => true,
    () => false,
  );

/** In one step: whoever reads the file finds the old or the new content, whole. */
async function replace(file: string, content: string | Uint8Array): Promise<void> {
  const draft = join(dirname(file), `.claude-k8s.${process.pid}.${Math.random().toString(36).slice(2)}`);
  try {
    await writeFile(draft, content, { mode: 0o600, flag: "wx" });
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
