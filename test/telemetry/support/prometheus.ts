/** The real promtool and Prometheus (Debian's package `prometheus`) against what is served and shipped. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { programVersion } from "../../support/program-version.ts";

export const prometheusVersion = programVersion("prometheus", ["--version"], "nothing here proves the metrics' form");

/** Runs promtool to its end; a code other than 0 is a result, not an error. */
export function promtool(args: readonly string[], input = ""): Promise<{ code: number; out: string }> {
  return new Promise((resolve) => {
    const running = execFile("promtool", [...args], (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, out: stdout + stderr }),
    );
    running.stdin?.end(input);
  });
}

/** One series of an answer. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

export interface Prometheus {
  /** The series of an instant query. Throws with Prometheus' own words when it is wrong. */
  query(expression: string): Promise<readonly Series[]>;
  api(path: string): Promise<unknown>;
  stop(): Promise<void>;
}

/** Milliseconds; it needs about a second alone. */
const STARTS_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 100;

/** Starts one that scrapes `target` (`host:port`) five times a second, and evaluates the rules of that file. */
export async function startPrometheus(target: string, rules?: string): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), "prometheus-"));
  const config = {
    global: { scrape_interval: "200ms", scrape_timeout: "200ms", evaluation_interval: "1s" },
    rule_files: rules === undefined ? [] : [rules],
    scrape_configs: [{ job_name: "paperclip", static_configs: [{ targets: [target] }] }],
  };
  await writeFile(join(folder, "prometheus.yml"), stringify(config));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/api/v1`;
  const process = spawn(
    "prometheus",
    [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=error",
    ],
    { stdio: "ignore" },
  );
  const gone = once(process, "exit");
  const api = async (path: string): Promise<unknown> => {
    const { status, data, error } = (await (await fetch(`${url}${path}`)).json()) as Record<string, unknown>;
    if (status !== "success") throw new Error(String(error));
    return data;
  };
  const stop = async (): Promise<void> => {
    process.kill("SIGKILL");
    await gone;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await until(async () => (await fetch(`${url}/status/buildinfo`)).ok, "Prometheus", STARTS_WITHIN_MS);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    api,
    stop,
    query: async (expression) =>
      ((await api(`/query?${new URLSearchParams({ query: expression })}`)) as { result: readonly Series[] }).result,
  };
}

/** Resolves as soon as it holds; one that throws does not hold yet. */
export async function until(holds: () => Promise<boolean>, what: string, withinMs: number): Promise<void> {
  const end = performance.now() + withinMs;
  for (;;) {
    if (await holds().catch(() => false)) return;
    if (performance.now() > end) throw new Error(`${what} was not there within ${withinMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return address !== null && typeof address === "object" ? address.port : 0;
}
