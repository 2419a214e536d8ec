/**
 * `npm test [-- --long] [suite …]`: lint, types, unused code, and every suite, with a summary line for each. Goes on after
 * a failure, so that one run shows everything that is wrong; the exit code tells. `--long`: see
 * test/support/thoroughness.ts.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { LONG } from "../test/support/thoroughness.ts";
import { counts, type Outcome, reportOf, summarize } from "./test/report.ts";

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
    `--outputFile.json=${reportOf(project)}`,
  ],
});

const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * Lanes that go side by side, then the next ones. Only what asks no time of anything has company: tests of what happens in
 * time fail where others take both processors.
 */
const stages: readonly (readonly (readonly Suite[])[])[] = [
  [[{ name: "runner", command: ["node", "scripts/build-runner.ts"] }]],
  [
    [
      { name: "types", command: ["tsc", "-p", "."] },
      { name: "promises", command: ["oxlint", "--type-aware", "."] },
    ],
    [
      { name: "lint", command: ["biome", "check", "--error-on-warnings", "."] },
      { name: "knip", command: ["knip"] },
      vitest("package"),
    ],
    [vitest("demo")],
  ],
  ...["unit", "devcluster", "cluster", "metrics"].map((project) => [[vitest(project)]]),
];

/** @param alone whether it may write as it goes: with company, what it says comes in one piece at its end */
async function run({ name, command }: Suite, env: NodeJS.ProcessEnv, alone: boolean): Promise<Outcome> {
  const [program = "", ...args] = command;
  const started = performance.now();
  const title = `\n── ${name} ── ${program} ${args[0] ?? ""}`;
  if (alone) console.log(title);
  const { code, said } = await result(program, args, env, alone);
  if (!alone) console.log(`${title}\n${said}`);
  const seconds = (performance.now() - started) / 1000;
  return { name, ok: code === 0, seconds, ...(await counts(name, code, root)) };
}

/** What a process left running may hold its output open. */
const OUTPUT_ENDS_WITHIN_MS = 5_000;

async function result(program: string, args: readonly string[], env: NodeJS.ProcessEnv, alone: boolean) {
  const child = spawn(program, args, { stdio: alone ? "inherit" : ["inherit", "pipe", "pipe"], env });
  const ended = new Promise<number>((resolve) => {
    child.once("error", () => resolve(127));
    child.once("exit", (exit) => resolve(exit ?? 1));
  });
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  let said = "";
  for (const pipe of [child.stdout, child.stderr])
    pipe?.setEncoding("utf8").on("data", (chunk: string) => {
      said += chunk;
    });
  const code = await ended;
  await Promise.race([closed, sleep(OUTPUT_ENDS_WITHIN_MS, undefined, { ref: false })]);
  return { code, said };
}

const options = process.argv.slice(2);
const wanted = options.filter((option) => option !== "--long");
const known = stages.flat(2).map(({ name }) => name);
const unknown = wanted.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`There is no suite ${unknown.join(", ")}. There are: ${known.join(", ")}.`);
  process.exit(2);
}
// Hundreds of processes of Node are started, of the same sources: they are compiled once.
const env: NodeJS.ProcessEnv = { NODE_COMPILE_CACHE: join(root, "node_modules/.cache/node"), ...process.env };
if (options.includes("--long")) env[LONG] = "1";
const outcomes: Outcome[] = [];
for (const stage of stages) {
  const lanes = stage
    .map((lane) => lane.filter(({ name }) => wanted.length === 0 || wanted.includes(name)))
    .filter((lane) => lane.length > 0);
  const work = async (lane: readonly Suite[]): Promise<void> => {
    for (const suite of lane) outcomes.push(await run(suite, env, lanes.length === 1));
  };
  await Promise.all(lanes.map(work));
}
summarize(outcomes);
process.exitCode = outcomes.every(({ ok }) => ok) ? 0 : 1;
