/**
 * What the runner costs in the pod: how long it takes to start the agent, and its CPU and memory while the agent prints.
 *
 *     npx node bench/runner/main.ts [--rounds 20] [--seconds 20]
 */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Container, startContainer, startReference } from "./container.ts";
import { type Cost, costOf, processWith } from "./process-cost.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "20" }, seconds: { type: "string", default: "20" } },
});
const ROUNDS = Number(values.rounds);
const SECONDS = Number(values.seconds);

/** Tells when it was started, in nanoseconds since 1970. */
const TELLS_ITS_START = ["date", "+%s%N"] as const;
/** Prints a megabyte of lines of 300 bytes each second, as a model's answer comes: in 50 pieces. */
const PRINTS = [
  process.execPath,
  "-e",
  `const line = "x".repeat(299) + "\\n"; const began = performance.now(); let printed = 0;
   const timer = setInterval(() => {
     const due = Math.min(performance.now() - began, ${SECONDS * 1000}) * 1000;
     for (; printed + 300 <= due; printed += 300) process.stdout.write(line);
     if (printed + 300 > ${SECONDS * 1e6}) clearInterval(timer);
   }, 20);`,
] as const;

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;
const load = (): string => loadavg()[0]?.toFixed(1) ?? "";

const folder = await mkdtemp(join(tmpdir(), "bench-runner-"));
try {
  console.log(`${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}; load ${load()} before\n`);
  await measureStart();
  await measurePrinting();
  console.log(`\nload ${load()} after`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** In turns, so that all see the same machine. */
async function measureStart(): Promise<void> {
  const took: Record<string, number[]> = { "nothing between": [], "Node alone": [], "the runner": [] };
  const starts: Record<string, () => Promise<Container>> = {
    "nothing between": () => startReference("shell", TELLS_ITS_START),
    "Node alone": () => startReference("node", TELLS_ITS_START),
    "the runner": () => startContainer(folder, TELLS_ITS_START),
  };
  for (let round = 0; round <= ROUNDS; round++)
    for (const [name, start] of Object.entries(starts)) {
      const ms = await startedAfter(start);
      // The first of each reads its files from the disk.
      if (round > 0) took[name]?.push(ms);
    }
  console.log("| between the container's start and the agent's | ms, median | longest |\n|---|---:|---:|");
  for (const [name, ms] of Object.entries(took))
    console.log(`| ${name} | ${median(ms).toFixed(0)} | ${Math.max(...ms).toFixed(0)} |`);
}

async function startedAfter(start: () => Promise<Container>): Promise<number> {
  const began = performance.timeOrigin + performance.now();
  const { output } = await start();
  const stamp = /\d{19}/.exec(await output)?.[0];
  return Number(stamp) / 1e6 - began;
}

/** The same agent below the runner, and below a Node that only copies what it reads, and writes it as the runner does. */
async function measurePrinting(): Promise<void> {
  console.log(
    `\n| a megabyte a second, ${SECONDS} s, read by | MB | % of a core | CPU s of its start | RSS MB at most | no file's |`,
  );
  console.log("|---|---:|---:|---:|---:|---:|");
  const copies = await startReference("copies", PRINTS);
  console.log(await printed("a Node that only copies", copies, "writev"));
  console.log(await printed("the runner", await startContainer(folder, PRINTS), "runner.mjs"));
}

/** A row. `program`: what is in its command line. */
async function printed(name: string, { child, output }: Container, program: string): Promise<string> {
  const ended = once(child, "exit").then(() => true);
  const looks: { at: number; cost: Cost }[] = [];
  // What a process used is gone with it: the last look before its end is at most a second old.
  while (!(await Promise.race([ended, sleep(1000, false)]))) {
    const pid = await processWith(child.pid, program);
    const cost = pid && (await costOf(pid));
    if (cost) looks.push({ at: performance.now() / 1000, cost });
  }
  const [first, last] = [looks[0], looks.at(-1)];
  if (!first || !last) throw new Error(`${name} was not seen.`);
  const percent = (100 * (last.cost.cpuSeconds - first.cost.cpuSeconds)) / (last.at - first.at);
  const { peakMb, ownMb } = last.cost;
  const cells = [
    ((await output).length / 1e6).toFixed(1),
    percent.toFixed(1),
    first.cost.cpuSeconds.toFixed(2),
    peakMb.toFixed(0),
    ownMb.toFixed(0),
  ];
  return `| ${name} | ${cells.join(" | ")} |`;
}
