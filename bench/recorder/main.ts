/**
 * A run whose record is kept by a container of its own (`recorder: separate`) against one that keeps it itself, in turns, on
 * a devcluster with the measured timings of a real one, through the whole adapter:
 *
 *     node bench/recorder/main.ts [--lines 100000] [--rounds 5]
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { startDevcluster } from "../../devcluster/src/index.ts";
import { withDefaults } from "../../src/policy/defaults.ts";
import { execute } from "../../src/run/execute.ts";
import { contextOf, settingsOf } from "../../test/cluster/support/context.ts";
import { startFakePaperclip } from "../../test/cluster/support/paperclip.ts";

const { values } = parseArgs({
  options: { lines: { type: "string", default: "100000" }, rounds: { type: "string", default: "5" } },
});
const LINES = Number(values.lines);
const ROUNDS = Number(values.rounds);
const LINE_BYTES = 300;
/** Lines whose delay is measured, 50 ms apart. */
const TICKS = 100;

type Recorder = "same" | "separate";
const BOTH: readonly Recorder[] = ["same", "separate"];

/** Milliseconds, but for the rate. */
interface Measured {
  readonly linesPerSecond: number;
  readonly delays: readonly number[];
  /** From the agent's last line to the host's result. */
  readonly verdict: number;
}

const INIT = `{"type":"system","subtype":"init","session_id":"11111111-2222-4333-8444-555555555555","model":"test"}`;
const RESULT = `{"type":"result","subtype":"success","is_error":false,"result":"done","num_turns":1,"session_id":"11111111-2222-4333-8444-555555555555"}`;

/** Prints a burst, then single lines, then its result, each with the time at which it was printed. */
const AGENT = `
const x = "x".repeat(${LINE_BYTES - 40});
const say = (event) => process.stdout.write(JSON.stringify(event) + "\\n");
process.stdout.write(${JSON.stringify(`${INIT}\n`)});
say({ mark: "burst", at: Date.now() });
let line = 0;
const burst = () => {
  while (line < ${LINES}) if (!say({ line: ++line, x })) return process.stdout.once("drain", burst);
  say({ mark: "burst over" });
  setTimeout(tick, 1000);
};
let ticks = 0;
const tick = () => {
  if (++ticks <= ${TICKS}) return say({ tick: Date.now() }), setTimeout(tick, 50);
  say({ mark: "end", at: Date.now() });
  process.stdout.write(${JSON.stringify(`${RESULT}\n`)});
};
burst();
`;

const folder = await mkdtemp(join(tmpdir(), "bench-recorder-"));
const images = { "agent:test": { path: [dirname(process.execPath)] } };
const cluster = await startDevcluster({ images });
const paperclip = await startFakePaperclip();
const kubeconfig = join(folder, "kubeconfig");
const program = join(folder, "agent.js");
await writeFile(kubeconfig, cluster.kubeconfig, { mode: 0o600 });
await writeFile(program, AGENT);
try {
  console.log(
    `${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}; load ${load()} before, ${ROUNDS} rounds in turns`,
  );
  const measured: Record<Recorder, Measured[]> = { same: [], separate: [] };
  // The first of a process is slower than all others.
  await measure("same");
  for (let round = 0; round < ROUNDS; round++)
    for (const recorder of round % 2 === 0 ? BOTH : BOTH.toReversed()) measured[recorder].push(await measure(recorder));
  report(measured);
  console.log(`\nload ${load()} after`);
} finally {
  await paperclip.close();
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
}

async function measure(recorder: Recorder): Promise<Measured> {
  const settings = settingsOf(
    { kubeconfig, namespace: "default", image: "agent:test" },
    { agent: `cat >/dev/null; exec node ${program}`, config: { "resources.limits.memory": "1Gi" } },
  );
  const policy = withDefaults({ trust: "full", recorder }, null, []);
  paperclip.set(settings.runId, "running");
  const delays: number[] = [];
  const times = { burst: 0, burstOver: 0, end: 0 };
  let rest = "";
  const ctx = contextOf(settings, {
    signal: new AbortController().signal,
    onEvent: () => Promise.resolve(),
    onLog: (stream, chunk) => {
      const now = Date.now();
      const lines = stream === "stdout" ? (rest + chunk).split("\n") : [rest];
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line.startsWith('{"tick"')) delays.push(now - Number(/\d+/.exec(line)?.[0]));
        else if (line.startsWith('{"mark":"burst over"')) times.burstOver = now;
        else if (line.startsWith('{"mark":"burst"')) times.burst = Number(/\d+/.exec(line)?.[0]);
        else if (line.startsWith('{"mark":"end"')) times.end = Number(/\d+/.exec(line)?.[0]);
      }
      return Promise.resolve();
    },
  });
  const readPolicy = () => Promise.resolve(policy);
  const result = await execute(ctx, { env: {}, readPolicy, paperclipUrl: () => paperclip.url });
  const { transcript } = result.resultJson as { transcript: { complete: boolean } };
  if (result.errorCode !== null || !transcript.complete) throw new Error(JSON.stringify(result));
  paperclip.ended(settings.runId, result);
  return {
    linesPerSecond: LINES / ((times.burstOver - times.burst) / 1000),
    delays,
    verdict: Date.now() - times.end,
  };
}

function report(measured: Record<Recorder, readonly Measured[]>): void {
  console.log("\n| recorder | lines/s | delay of a line p50 ms | p99 ms | last line to verdict ms |");
  console.log("|---|---:|---:|---:|---:|");
  for (const recorder of BOTH) {
    const { rate, p50, p99, verdict } = summary(measured[recorder]);
    console.log(`| ${recorder} | ${rate.toFixed(0)} | ${p50} | ${p99} | ${verdict} |`);
  }
  const [same, separate] = [summary(measured.same), summary(measured.separate)];
  const ratio = (one: number, other: number): string => (one / other).toFixed(2);
  console.log(
    `| ratio | ${ratio(separate.rate, same.rate)} | ${ratio(separate.p50, same.p50)} | ${ratio(separate.p99, same.p99)} | ${ratio(separate.verdict, same.verdict)} |`,
  );
}

function summary(rounds: readonly Measured[]) {
  const delays = rounds.flatMap((round) => round.delays);
  return {
    rate: at(
      rounds.map(({ linesPerSecond }) => linesPerSecond),
      0.5,
    ),
    p50: at(delays, 0.5),
    p99: at(delays, 0.99),
    verdict: at(
      rounds.map(({ verdict }) => verdict),
      0.5,
    ),
  };
}

function at(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
}

function load(): string {
  return loadavg()[0]?.toFixed(1) ?? "";
}
