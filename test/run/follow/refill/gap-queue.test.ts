import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const main = join(import.meta.dirname, "gap-queue-main.ts");

test("a gap that comes after the stop holds nobody up: what waits behind it is left", { timeout: 60_000 }, async () => {
  // A process that waits for itself in microtasks answers no timer of its own either.
  const { stdout } = await promisify(execFile)(process.execPath, [main], { timeout: 30_000, killSignal: "SIGKILL" });
  expect(JSON.parse(stdout)).toEqual({ line: 2 });
});
