/** `claude-k8s transcript` as an operator runs it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer, text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { leastEnvironment } from "../support/program.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const RUN = "080a3c28-29ab-42aa-8a5d-042e543333aa";
/** Not UTF-8, no last newline, more than a pipe holds. */
const WROTE = Buffer.concat([Buffer.from([0xff, 0x0a, 0x00]), Buffer.alloc(300_000, "x")]);

let home = "";
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "paperclip-home-"));
  const folder = join(home, "claude_k8s/transcripts");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${RUN}.jsonl`), WROTE);
  await writeFile(join(folder, "08ff.jsonl"), "another");
  await writeFile(join(folder, "a%2Fb.jsonl"), "odd name");
});
afterAll(() => rm(home, { recursive: true, force: true }));

async function run(...args: string[]) {
  const env = { ...leastEnvironment, PAPERCLIP_HOME: home };
  const child = spawn(process.execPath, [main, "transcript", ...args], { stdio: ["ignore", "pipe", "pipe"], env });
  const [stdout, stderr, [code]] = await Promise.all([buffer(child.stdout), text(child.stderr), once(child, "close")]);
  return { stdout, stderr, code: code as number };
}

test.each([RUN, "080a3c28", "080a"])("prints the bytes of run %s", async (name) => {
  const { stdout, stderr, code } = await run(name);
  expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  expect(stdout.equals(WROTE)).toBe(true);
});

test("finds a run whatever the host calls it", async () => {
  expect((await run("a/b")).stdout.toString()).toBe("odd name");
});

test("is what `logs` shows where no cluster can be asked", async () => {
  const env = { ...leastEnvironment, HOME: home, PAPERCLIP_HOME: home };
  const child = spawn(process.execPath, [main, "logs", "08ff"], { stdio: ["ignore", "pipe", "pipe"], env });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  expect({ stdout: stdout.trim(), code }).toEqual({ stdout: "another", code: 0 });
  expect(stderr).toMatch(/transcript that Paperclip keeps[\s\S]*No cluster is configured/);
});

test.each([
  [["08"], 1, `several runs begin with 08: ${RUN}.jsonl, 08ff.jsonl`],
  [["1111"], 1, "there is no transcript of run 1111 in "],
  [[], 2, "it takes one run"],
  [["a", "b"], 2, "it takes one run"],
  [["--wrong"], 2, "--wrong"],
] as const)("%j exits with %i", async (args, exitCode, words) => {
  const { stderr, stdout, code } = await run(...args);
  expect(code).toBe(exitCode);
  expect(stderr).toContain(words);
  expect(stdout).toHaveLength(0);
});
