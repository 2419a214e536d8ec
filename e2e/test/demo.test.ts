/** `npm run demo:paperclip -- --kubeconfig …`: against a cluster that is not ours, here a devcluster in a process of its own. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findClaudeCode } from "../../demo/claude-code.ts";
import { rootFolder } from "../host/install.ts";
import { until } from "../host/until.ts";

const IMAGE = "agent:1";
const path = (...parts: string[]): string => join(rootFolder, ...parts);

interface Program {
  readonly child: ChildProcess;
  /** All that it has said. */
  text(): string;
  /** The exit code. */
  readonly ended: Promise<number | null>;
}

let folder: string;
let kubeconfig: string;
let cluster: Program;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "e2e-demo-"));
  // The server may run as another user.
  await chmod(folder, 0o755);
  kubeconfig = join(folder, "kubeconfig");
  const images = { [IMAGE]: { path: [findClaudeCode().folder, dirname(process.execPath)], env: { IS_SANDBOX: "1" } } };
  await writeFile(join(folder, "images.json"), JSON.stringify(images));
  cluster = start([
    path("devcluster/bin/devcluster.ts"),
    "up",
    "--images",
    join(folder, "images.json"),
    "--kubeconfig",
    kubeconfig,
  ]);
  await until("the cluster is up", async () => cluster.text().includes("export KUBECONFIG="));
});

afterAll(async () => {
  cluster?.child.kill("SIGTERM");
  await cluster?.ended;
  await rm(folder, { recursive: true, force: true });
});

/** In a group of its own, as a terminal starts it. */
function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Program {
  const child = spawn(process.execPath, args, {
    cwd: rootFolder,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", (piece) => (said += piece));
  return { child, text: () => said, ended: once(child, "exit").then(([code]) => code as number | null) };
}

/** Everything that the demo leaves for a while is below `temporary`. */
async function demo(): Promise<Program & { readonly temporary: string }> {
  const temporary = await mkdtemp(join(folder, "tmp-"));
  await chmod(temporary, 0o755);
  const where = ["--kubeconfig", kubeconfig, "--image", IMAGE, "--address", "127.0.0.1"];
  // What Node's compiler keeps there is for every later process.
  const env = { TMPDIR: temporary, NODE_DISABLE_COMPILE_CACHE: "1" };
  return { temporary, ...start([path("e2e/demo.ts"), "--once", ...where], env) };
}

const kubectl = async (...args: string[]): Promise<string> =>
  (await promisify(execFile)("kubectl", ["--kubeconfig", kubeconfig, ...args])).stdout;

async function nothingIsLeft(temporary: string): Promise<void> {
  expect(await readdir(temporary)).toEqual([]);
  const { stdout } = await promisify(execFile)("ps", ["-eo", "args"]);
  expect(stdout.split("\n").filter((line) => line.includes(temporary))).toEqual([]);
  expect(await kubectl("get", "jobs,pods,secrets", "--all-namespaces", "-o", "name")).toBe("");
}

describe("demo:paperclip on a cluster that a kubeconfig names", () => {
  it("does its task there, and leaves nothing", async () => {
    const { text, ended, temporary } = await demo();
    expect(await ended, text()).toBe(0);
    expect(text()).toContain("comment: Hello from my pod: the work is done.");
    expect(text()).toMatch(/is done; run: succeeded\n/);
    await nothingIsLeft(temporary);
  });

  it("leaves nothing after Ctrl-C while its agent works", async () => {
    const { child, text, ended, temporary } = await demo();
    await until(
      "its pod is there",
      async () => (await kubectl("get", "pods", "--all-namespaces", "-o", "name")) !== "",
    );
    process.kill(-(child.pid ?? 0), "SIGINT");
    expect(await ended, text()).toBe(130);
    await nothingIsLeft(temporary);
  });
});
