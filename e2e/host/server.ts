/** One life of the real Paperclip server in its own process. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, open, readFile, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PaperclipApi } from "./api.ts";
import { freePort } from "./free-port.ts";
import { type PaperclipHome, signal } from "./home.ts";
import { e2eFolder } from "./install.ts";

export interface ServerOptions {
  readonly home: PaperclipHome;
  /** @default any free one */
  readonly port?: number;
  /** More variables for the server's process: the operator's settings. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where its output goes. @default a file in e2e/artifacts/logs */
  readonly logFile?: string;
  /** Aborted when nobody wants it any more. */
  readonly signal?: AbortSignal;
}

export interface PaperclipServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly logFile: string;
  readonly api: PaperclipApi;
  /** Milliseconds from the process's start until it was ready. */
  readonly bootMs: number;
  /** SIGTERM, and waits for the end. May be called twice. */
  stop(): Promise<void>;
  /** SIGKILL, as an out-of-memory killer does it: PostgreSQL survives. */
  kill(): Promise<void>;
}

/** Milliseconds: the first boot runs 278 migrations, on a busy machine too. */
const READY_WITHIN_MS = 180_000;
/** Milliseconds: a graceful shutdown was measured to take up to 10 s. */
const STOP_WITHIN_MS = 40_000;

/** Its PostgreSQL takes a port that was free some seconds ago: another one on this machine may have it by then. */
class DatabasePortTaken extends Error {}
const BOOTS = 3;

export async function bootServer(options: ServerOptions): Promise<PaperclipServer> {
  for (let attempt = 1; ; attempt++)
    try {
      return await boot(options);
    } catch (error) {
      if (!(error instanceof DatabasePortTaken) || attempt === BOOTS) throw error;
    }
}

async function boot(options: ServerOptions): Promise<PaperclipServer> {
  const { home, env = {} } = options;
  const port = options.port ?? (await freePort());
  const logFile =
    options.logFile ?? join(e2eFolder, "artifacts/logs", `server-${process.pid}-${port}-${Date.now()}.log`);
  await mkdir(dirname(logFile), { recursive: true });
  const log = await open(logFile, "a");
  const started = performance.now();
  // Started by another name than its own, as through a linked node_modules, it ends at once and says nothing (measured).
  const program = await realpath(join(e2eFolder, "node_modules/@paperclipai/server/dist/index.js"));
  const child = spawn(process.execPath, [program], {
    cwd: home.folder,
    env: { ...serverEnvironment(home.folder, port), ...env },
    // A group of its own: Ctrl-C in a terminal is for us, who then stop it in order.
    detached: true,
    stdio: ["ignore", log.fd, log.fd],
    ...(home.user ?? {}),
  });
  await log.close();
  const lastResort = (): void => void (child.pid && signal(-child.pid, "SIGKILL"));
  process.once("exit", lastResort);
  const ended = once(child, "exit").finally(() => process.off("exit", lastResort));
  // A server that cannot be started: ready() finds out.
  ended.catch(() => undefined);
  const url = `http://127.0.0.1:${port}`;
  const api = new PaperclipApi(url);
  try {
    await ready(api, child, options.signal);
  } catch (error) {
    child.kill("SIGKILL");
    const tail = (await readFile(logFile, "utf8")).split("\n").slice(-30).join("\n");
    const Failure = tail.includes("Failed to start embedded PostgreSQL on port") ? DatabasePortTaken : Error;
    throw new Failure(`Paperclip did not become ready (log: ${logFile}):\n${tail}`, { cause: error });
  }
  const end = async (name: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(name);
    const late = sleep(STOP_WITHIN_MS, "late", { ref: false });
    if ((await Promise.race([ended, late])) === "late") child.kill("SIGKILL");
    await ended;
  };
  return {
    url,
    port,
    pid: child.pid ?? 0,
    logFile,
    api,
    bootMs: Math.round(performance.now() - started),
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
  };
}

/** Nothing of our own environment but what every process has: least of all keys for a model. */
function serverEnvironment(home: string, port: number): Record<string, string> {
  const { PATH = "", LANG = "C.UTF-8", TZ = "UTC" } = process.env;
  return {
    PATH,
    LANG,
    TZ,
    HOME: home,
    TMPDIR: home,
    PAPERCLIP_HOME: home,
    PAPERCLIP_INSTANCE_ID: "default",
    HOST: "127.0.0.1",
    PORT: String(port),
    PAPERCLIP_DEPLOYMENT_MODE: "local_trusted",
    PAPERCLIP_MIGRATION_AUTO_APPLY: "true",
    PAPERCLIP_MIGRATION_PROMPT: "never",
    PAPERCLIP_TELEMETRY_DISABLED: "1",
    DO_NOT_TRACK: "1",
    PAPERCLIP_ANNOUNCEMENTS_ENABLED: "false",
    PAPERCLIP_DB_BACKUP_ENABLED: "false",
    // Agents get no token without it.
    PAPERCLIP_AGENT_JWT_SECRET: "e2e-only-secret-0123456789abcdef0123456789",
    PAPERCLIP_API_URL: `http://127.0.0.1:${port}`,
    // The shortest that the server takes.
    HEARTBEAT_SCHEDULER_INTERVAL_MS: "10000",
    NO_COLOR: "1",
  };
}

async function ready(api: PaperclipApi, child: ChildProcess, stop?: AbortSignal): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS;
  for (;;) {
    stop?.throwIfAborted();
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null)
      throw new Error(`the server ended with ${child.exitCode ?? child.signalCode}`);
    const health = await api.health().catch(() => null);
    if (health?.status === "ok" && health.startupRecovery?.phase === "ready") return;
    if (performance.now() > deadline) throw new Error(`not ready after ${READY_WITHIN_MS} ms`);
    await sleep(200);
  }
}
