import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

test("importing the folder loads neither the client library nor undici: they need a newer Node than the package", async () => {
  const script = path.join(import.meta.dirname, "support", "loaded-modules.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [script]);
  const loaded: string[] = JSON.parse(stdout);
  expect(loaded).toContain("yaml");
  expect(loaded.filter((name) => name.startsWith("@kubernetes/") || name.startsWith("undici"))).toEqual([]);
}, 30_000);
