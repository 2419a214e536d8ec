/** What a suite came to: counted by vitest's JSON report, or, of a check, by its exit code. */
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { stripVTControlCharacters } from "node:util";

export interface Outcome {
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

/** Where vitest is to write the report of a suite. */
export const reportOf = (name: string): string => join(tmpdir(), `test-${process.pid}-${name}.json`);

/** A check counts as one test; vitest's own report counts the rest. */
export async function counts(
  name: string,
  code: number,
  root: string,
): Promise<Pick<Outcome, "passed" | "failed" | "skipped" | "failures">> {
  try {
    const json = JSON.parse(await readFile(reportOf(name), "utf8")) as Report;
    await rm(reportOf(name), { force: true });
    const failed = json.numFailedTests ?? 0;
    const skipped = (json.numPendingTests ?? 0) + (json.numTodoTests ?? 0);
    const failures = (json.testResults ?? []).flatMap((file) => failuresOf(file, root));
    return { passed: json.numPassedTests ?? 0, failed: failed === 0 && code !== 0 ? 1 : failed, skipped, failures };
  } catch {
    return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0, failures: [] };
  }
}

function failuresOf({ name, status, message, assertionResults }: FileReport, root: string): string[] {
  const file = relative(root, name);
  const first = (text = ""): string => stripVTControlCharacters(text).split("\n", 1)[0]?.slice(0, 160) ?? "";
  const failed = assertionResults
    .filter((test) => test.status === "failed")
    .map((test) => `${file}: ${test.fullName}: ${first(test.failureMessages?.[0])}`);
  // A file whose imports or hooks fail has no test that failed.
  return failed.length === 0 && status === "failed" ? [`${file}: ${first(message)}`] : failed;
}

export function summarize(outcomes: readonly Outcome[]): void {
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
