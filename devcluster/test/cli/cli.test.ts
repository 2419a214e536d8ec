import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseCommand } from "../../src/cli-options.ts";

const BIN = fileURLToPath(new URL("../../bin/devcluster.ts", import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "cli-test-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function start(...args: string[]) {
  const env = { ...process.env, TMPDIR: folder };
  const child = spawn(process.execPath, [BIN, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
  return { child, ended, output: () => output };
}

describe("devcluster up", () => {
  it("writes a kubeconfig, runs until it is interrupted, and leaves nothing behind", async () => {
    const kubeconfig = join(folder, "kubeconfig");
    const { child, ended, output } = start("up", "--kubeconfig", kubeconfig, "--image", "busybox:1.36");
    await expect.poll(output, { timeout: 20_000 }).toContain(`export KUBECONFIG=${kubeconfig}`);
    expect(output()).toContain("without any\nisolation");
    expect(readFileSync(kubeconfig, "utf8")).toContain("server: https://127.0.0.1:");
    child.kill("SIGINT");
    expect(await ended).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("ends in order when nobody reads where it is", async () => {
    const { child, ended } = start("up");
    child.stdout.destroy();
    expect(await ended).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("does not touch a kubeconfig that is there already", async () => {
    const kubeconfig = join(folder, "mine");
    await writeFile(kubeconfig, "precious");
    const { ended, output } = start("up", "--kubeconfig", kubeconfig);
    expect(await ended).toBe(1);
    expect(output()).toContain("EEXIST");
    expect(readFileSync(kubeconfig, "utf8")).toBe("precious");
    expect(existsSync(kubeconfig)).toBe(true);
  });
});

describe("the command line", () => {
  it("names what it can run", async () => {
    const file = join(folder, "images.json");
    await writeFile(file, JSON.stringify({ agent: { env: { A: "b" } } }));
    expect(
      parseCommand(["up", "--images", file, "--image", "busybox:1.36", "--image", "tools=/images/x", "--port", "80"]),
    ).toEqual({
      kind: "up",
      options: {
        port: 80,
        images: { agent: { env: { A: "b" } }, "busybox:1.36": {}, tools: { path: ["/images/x"] } },
        kubeconfig: undefined,
      },
    });
  });

  it.each([
    [["down"], "no such command: down"],
    [["up", "--port", "x"], "no port: x"],
    [["up", "--nonsense"], "Unknown option '--nonsense'"],
    [["up", "--images", "/nowhere.json"], "ENOENT"],
  ])("refuses %j", (args, why) => {
    expect(parseCommand(args)).toMatchObject({ kind: "wrong", why: expect.stringContaining(why) });
  });

  it("refuses an image with a field that is none", async () => {
    const file = join(folder, "images.json");
    await writeFile(file, JSON.stringify({ agent: { comand: [] } }));
    expect(parseCommand(["up", "--images", file])).toMatchObject({
      kind: "wrong",
      why: expect.stringContaining("comand"),
    });
  });
});
