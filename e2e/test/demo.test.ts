/** `npm run demo:paperclip -- --kubeconfig …`: against a cluster that is not ours, here a devcluster in a process of its own. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { findClaudeCode } from "../../demo/claude-code.ts";
import { packageFolder, rootFolder } from "../host/install.ts";
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
const demos: Program[] = [];

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

/** A test that failed has left its demo alone. */
afterEach(async () => {
  for (const { child, ended } of demos.splice(0)) {
    child.kill("SIGTERM");
    await ended;
  }
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
  return { child, text: () => said, ended: once(child, "close").then(([code]) => code as number | null) };
}

/** Everything that the demo leaves for a while is below `temporary`. */
async function demo(): Promise<Program & { readonly temporary: string }> {
  const temporary = await mkdtemp(join(folder, "tmp-"));
  await chmod(temporary, 0o755);
  const where = ["--kubeconfig", kubeconfig, "--image", IMAGE, "--address", "127.0.0.1"];
  const env = {
    TMPDIR: temporary,
    // What Node's compiler keeps there is for every later process.
    NODE_DISABLE_COMPILE_CACHE: "1",
    // A package that is named is taken as it is: ours was built before the suite.
    E2E_PACKAGE: resolve(packageFolder),
  };
  const program = start([path("e2e/demo.ts"), "--once", ...where], env);
  demos.push(program);
  return { temporary, ...program };
}

const kubectl = async (...args: string[]): Promise<string> =>
  (await promisify(execFile)("kubectl", ["--kubeconfig", kubeconfig, ...args])).stdout;

/** Until it works on the cluster; a server boots first. */
async function podOf({ child, text }: Program): Promise<void> {
  const isThere = async (): Promise<boolean> => {
    if (child.exitCode !== null) throw new Error(text());
    return (await kubectl("get", "pods", "--all-namespaces", "-o", "name")) !== "";
  };
  await until("its pod is there", isThere, { within: 200_000 }, async () => text());
}

async function nothingIsLeft(temporary: string): Promise<void> {
  expect(await readdir(temporary)).toEqual([]);
  const { stdout } = await promisify(execFile)("ps", ["-eo", "args"]);
  expect(stdout.split("\n").filter((line) => line.includes(temporary))).toEqual([]);
  expect(await kubectl("get", "jobs,pods,secrets", "--all-namespaces", "-o", "name")).toBe("");
}

describe("demo:paperclip on a cluster that a kubeconfig names", { timeout: 300_000 }, () => {
  it("does its task there, and leaves nothing", async () => {
    const { text, ended, temporary } = await demo();
    expect(await ended, text()).toBe(0);
    expect(text()).toContain("comment: Hello from my pod: the work is done.");
    expect(text()).toMatch(/is done; run: succeeded\n/);
    await nothingIsLeft(temporary);
  });

  it("leaves nothing after Ctrl-C while its agent works", async () => {
    const program = await demo();
    const { child, text, ended, temporary } = program;
    await podOf(program);
    process.kill(-(child.pid ?? 0), "SIGINT");
    expect(await ended, text()).toBe(130);
    await nothingIsLeft(temporary);
  });

  it("leaves nothing when its server is killed while its agent works", async () => {
    const program = await demo();
    const { child, text, ended, temporary } = program;
    await podOf(program);
    const { stdout } = await promisify(execFile)("ps", ["--ppid", String(child.pid), "-o", "pid=,args="]);
    const server = stdout.split("\n").find((line) => line.includes("@paperclipai/server"));
    process.kill(Number.parseInt(server ?? "", 10), "SIGKILL");
    expect(await ended, text()).toBe(1);
    await nothingIsLeft(temporary);
  });
});
