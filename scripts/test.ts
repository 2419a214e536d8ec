/**
 * `npm test [-- --long] [suite …]`: lint, types, unused code, and every suite, with a summary line for each. Goes on after
 * a failure, so that one run shows everything that is wrong; the exit code tells. `--long`: see
 * test/support/thoroughness.ts.
 */
import { spawn } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { LONG } from "../test/support/thoroughness.ts";

interface Suite {
  readonly name: string;
  readonly command: readonly string[];
}

const vitest = (project: string): Suite => ({
  name: project,
  command: [
    "vitest",
    "run",
    "--project",
    project,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report(project)}`,
  ],
});
const report = (name: string): string => join(tmpdir(), `test-${process.pid}-${name}.json`);

const root = fileURLToPath(new URL("..", import.meta.url));

/** One after the other: side by side they wait for the same two processors, and tests of what happens in time fail. */
const suites: readonly Suite[] = [
  { name: "runner", command: ["node", "scripts/build-runner.ts"] },
  { name: "lint", command: ["biome", "check", "--error-on-warnings", "."] },
  { name: "promises", command: ["eslint", "."] },
  { name: "types", command: ["tsc", "-p", "."] },
  { name: "knip", command: ["knip"] },
  vitest("unit"),
  vitest("devcluster"),
  vitest("cluster"),
  vitest("metrics"),
  vitest("demo"),
  vitest("package"),
];

interface Outcome {
  readonly name: string;
  readonly ok: boolean;
  readonly seconds: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** A line for each test that failed: its file, its name, what it said first. */
  readonly failures: readonly string[];
}

/** What is read of vitest's JSON report. */
interface Report {
  readonly numPassedTests?: number;
  readonly numFailedTests?: number;
  readonly numPendingTests?: number;
  readonly numTodoTests?: number;
  readonly testResults?: readonly FileReport[];
}

interface FileReport {
  readonly name: string;
  readonly status: string;
  readonly message?: string;
  readonly assertionResults: readonly { fullName: string; status: string; failureMessages?: readonly string[] }[];
}

async function run({ name, command }: Suite, env: NodeJS.ProcessEnv): Promise<Outcome> {
  const [program = "", ...args] = command;
  const started = performance.now();
  console.log(`\n── ${name} ── ${program} ${args[0] ?? ""}`);
  const code = await new Promise<number>((resolve) => {
    const child = spawn(program, args, { stdio: "inherit", env });
    child.once("error", () => resolve(127));
    child.once("exit", (exit) => resolve(exit ?? 1));
  });
  const seconds = (performance.now() - started) / 1000;
  return { name, ok: code === 0, seconds, ...(await counts(name, code)) };
}

/** A check counts as one test; vitest's own report counts the rest. */
async function counts(
  name: string,
  code: number,
): Promise<Pick<Outcome, "passed" | "failed" | "skipped" | "failures">> {
  try {
    const json = JSON.parse(await readFile(report(name), "utf8")) as Report;
    await rm(report(name), { force: true });
    const failed = json.numFailedTests ?? 0;
    const skipped = (json.numPendingTests ?? 0) + (json.numTodoTests ?? 0);
    const failures = (json.testResults ?? []).flatMap(failuresOf);
    return { passed: json.numPassedTests ?? 0, failed: failed === 0 && code !== 0 ? 1 : failed, skipped, failures };
  } catch {
    return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0, failures: [] };
  }
}

function failuresOf({ name, status, message, assertionResults }: FileReport): string[] {
  const file = relative(root, name);
  const first = (text = ""): string => stripVTControlCharacters(text).split("\n", 1)[0]?.slice(0, 160) ?? "";
  const failed = assertionResults
    .filter((test) => test.status === "failed")
    .map((test) => `${file}: ${test.fullName}: ${first(test.failureMessages?.[0])}`);
  // A file whose imports or hooks fail has no test that failed.
  return failed.length === 0 && status === "failed" ? [`${file}: ${first(message)}`] : failed;
}

function summarize(outcomes: readonly Outcome[]): void {
  console.log("\nSummary");
  for (const { name, ok, seconds, passed, failed, skipped } of outcomes)
    console.log(
      `  ${ok ? "ok  " : "FAIL"} ${name.padEnd(12)} ${String(passed).padStart(5)} passed ${String(failed).padStart(3)} failed ${String(skipped).padStart(3)} skipped  ${seconds.toFixed(1)} s`,
    );
  const sum = (pick: (outcome: Outcome) => number): number =>
    outcomes.reduce((total, outcome) => total + pick(outcome), 0);
  console.log(
    `\n${sum((o) => o.passed)} passed, ${sum((o) => o.failed)} failed, ${sum((o) => o.skipped)} skipped, in ${(performance.now() / 1000).toFixed(0)} s`,
  );
  const failures = outcomes.flatMap((outcome) => outcome.failures.map((line) => `  ${outcome.name}: ${line}`));
  if (failures.length > 0) console.log(`\nFailed\n${failures.join("\n")}`);
}

const options = process.argv.slice(2);
const wanted = options.filter((option) => option !== "--long");
const unknown = wanted.filter((name) => !suites.some((suite) => suite.name === name));
if (unknown.length > 0) {
  console.error(`There is no suite ${unknown.join(", ")}. There are: ${suites.map(({ name }) => name).join(", ")}.`);
  process.exit(2);
}
// Hundreds of processes of Node are started, of the same sources: they are compiled once.
const env: NodeJS.ProcessEnv = { NODE_COMPILE_CACHE: join(root, "node_modules/.cache/node"), ...process.env };
if (options.includes("--long")) env[LONG] = "1";
const outcomes: Outcome[] = [];
for (const suite of suites)
  if (wanted.length === 0 || wanted.includes(suite.name)) outcomes.push(await run(suite, env));
summarize(outcomes);
process.exitCode = outcomes.every(({ ok }) => ok) ? 0 : 1;
