/**
 * From execute() to the agent's first line in the host's hands, by phase, beside a bare Job of the same image and agent that
 * one request creates, in turns; and what the adapter asks the API server for until then:
 *
 *     npx node bench/start/main.ts [--rounds 20] [--kubeconfig FILE --namespace NAME --image IMAGE]
 *
 * Without a kubeconfig on a devcluster with the measured timings of a real node.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { startDevcluster } from "../../devcluster/src/index.ts";
import { startFakePaperclip } from "../../test/cluster/support/paperclip.ts";
import { bareJob } from "./bare-job.ts";
import { type Start, startRun } from "./start-run.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "20" },
    kubeconfig: { type: "string" },
    namespace: { type: "string", default: "default" },
    image: { type: "string", default: "agent:test" },
  },
});
const ROUNDS = Number(values.rounds);

/** Whose part of the start a phase is. */
const WHOSE: Readonly<Record<string, string>> = {
  prepare: "the adapter",
  claim: "the adapter, and the API server's answers",
  schedule: "the cluster",
  pull: "the cluster",
  start: "the runner and the agent",
  line: "the log's way to the host",
};

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;
const load = (): string => loadavg()[0]?.toFixed(1) ?? "";

const folder = await mkdtemp(join(tmpdir(), "bench-start-"));
const cluster = values.kubeconfig
  ? null
  : await startDevcluster({ images: { "agent:test": { path: [dirname(process.execPath)] } } });
const paperclip = await startFakePaperclip();
try {
  const kubeconfig = values.kubeconfig ?? join(folder, "kubeconfig");
  if (cluster) await writeFile(kubeconfig, cluster.kubeconfig, { mode: 0o600 });
  const place = { kubeconfig, namespace: values.namespace, image: values.image };
  console.log(`${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}; load ${load()} before\n`);
  const starts: Start[] = [];
  const bare: number[] = [];
  const first = await startRun(place, paperclip);
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(await bareJob(place));
    starts.push(await startRun(place, paperclip));
  }
  report(first, starts, bare);
  console.log(`\nload ${load()} after`);
} finally {
  await paperclip.close();
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
}

function report(first: Start, starts: readonly Start[], bare: readonly number[]): void {
  console.log("| phase | whose | first of the process ms | median ms | longest ms |\n|---|---|---:|---:|---:|");
  for (const [phase, whose] of Object.entries(WHOSE)) {
    const all = starts.map((start) => start.phases[phase] ?? 0);
    console.log(`| ${phase} | ${whose} | ${row(first.phases[phase] ?? 0, all)}`);
  }
  const totals = starts.map(({ total }) => total);
  console.log(`| all | | ${row(first.total, totals)}`);
  console.log(`| a bare Job | from its creation to its first line at a reader of its log | | ${row(null, bare)}`);
  const asked = (start: Start): string =>
    Object.entries(start.requests)
      .map(([verb, count]) => `${count} ${verb}`)
      .join(", ");
  const last = starts.at(-1);
  console.log(
    `\nAsked for until the first line: ${asked(first)} by the first run, ${last ? asked(last) : "nothing"} by the last.`,
  );
}

function row(first: number | null, all: readonly number[]): string {
  const cells = [median(all), Math.max(...all)].map((ms) => ms.toFixed(0));
  return `${first === null ? "" : `${first.toFixed(0)} | `}${cells.join(" | ")} |`;
}
