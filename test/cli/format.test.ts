/** The command line as a user runs it: a process of its own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { frameHead } from "../../src/runner/frame.ts";
import { leastEnvironment } from "../support/program.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const sample = readFileSync(new URL("../claude/fixtures/bash.jsonl", import.meta.url));

async function run(args: readonly string[], input: string | Buffer = "") {
  const child = spawn(process.execPath, [main, ...args], { stdio: "pipe", env: leastEnvironment });
  child.stdin.on("error", () => {}).end(input);
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  return { stdout, stderr, exitCode: exitCode as number };
}

test("formats what Claude Code prints", async () => {
  const { stdout, exitCode } = await run(["format"], sample);
  expect(exitCode).toBe(0);
  expect(stdout).toContain("calls   $ echo hello-from-bash && pwd  # Print hello\ngets    hello-from-bash\n");
});

test("formats a pod's log: frames, also where one ends inside a character", async () => {
  const line = Buffer.from(JSON.stringify({ type: "assistant", message: { content: "Grüße 🦊" } }));
  const middle = line.indexOf("ü") + 1;
  const log = Buffer.concat([
    Buffer.from(`${frameHead("stdout", 1, 0, false)}`),
    line.subarray(0, middle),
    Buffer.from("\n"),
    Buffer.from(`${frameHead("stderr", 1, 0, true)}careful\n`),
    Buffer.from(`${frameHead("stdout", 1, 1, true)}`),
    line.subarray(middle),
    Buffer.from("\n"),
  ]);
  const { stdout } = await run(["format"], log);
  expect(stdout).toBe("stderr  careful\nsays    Grüße 🦊\n");
});

test("formats the log of an image without Node: a mark, then lines as they are", async () => {
  const { stdout } = await run(["format"], `raw|1\n${sample.toString()}`);
  expect(stdout.split("\n")[0]).toMatch(/^claude {2}session /);
});

test.each([[["--help"]], [["format"]], [["transcript", "--help"]]])(
  "%j into a pipe that closes is no failure",
  async (args) => {
    const child = spawn(process.execPath, [main, ...args], { stdio: "pipe", env: leastEnvironment });
    child.stdout.destroy();
    child.stdin.on("error", () => {}).end(sample);
    const [stderr, [exitCode]] = await Promise.all([text(child.stderr), once(child, "close")]);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  },
);

test("--color colours a pipe, too", async () => {
  const { stdout } = await run(["format", "--color"], sample);
  expect(stdout).toContain("\u001b[32msays");
});

test.each([
  [[], 2, "stdout", "Usage: claude-k8s COMMAND"],
  [["--help"], 0, "stdout", "format      make stream-json"],
  [["format", "--help"], 0, "stdout", "kubectl logs"],
  [["toString"], 2, "stderr", 'there is no command "toString"'],
  [["format", "--wrong"], 2, "stderr", "--wrong"],
] as const)("%j exits with %i", async (args, code, channel, words) => {
  const result = await run(args);
  expect(result.exitCode).toBe(code);
  expect(result[channel]).toContain(words);
});
