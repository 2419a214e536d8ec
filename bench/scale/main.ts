/**
 * Thousands of runs in one process, on a simulated cluster in another:
 *
 *     node bench/scale/main.ts living [--runs 1,10,100,300,1000,2000] [--seconds 20] [--every 1] [--namespaces 1] [--plot FILE.svg]
 *     node bench/scale/main.ts burst  [--runs 1000] [--within 10]
 *     node bench/scale/main.ts adopt  [--runs 1000]
 *     node bench/scale/main.ts churn  [--runs 100] [--rounds 10] [--heaps FOLDER]
 *
 * `living` on a real cluster, whose pods are real: --kubeconfig FILE --namespace NAME --image IMAGE (with sh, Node and GNU date).
 * `churn --heaps`: what is on the heap after the second round and after the last goes there, and what there is more of is told.
 * `--every`: seconds from one line of a run to its next; 3600 is an idle run. With --profile FOLDER both processes leave V8 profiles of their CPU there.
 */
import { writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { measureAdoption, measureEnd, measureStart, PHASE_HEAD, type Phase, phaseRow } from "./figures/burst.ts";
import { GROWTH_HEAD, growthRows } from "./figures/growth.ts";
import { LIVING_HEAD, type Living, livingRow, measureLiving, rowOf, table } from "./figures/living.ts";
import { measureChurn } from "./figures/memory.ts";
import { plot, SERIES } from "./figures/plot.ts";
import { type Host, startHost } from "./host.ts";
import { openPlace, type Place } from "./place.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: "string" },
    seconds: { type: "string", default: "20" },
    every: { type: "string", default: "1" },
    within: { type: "string", default: "10" },
    rounds: { type: "string", default: "10" },
    heaps: { type: "string" },
    namespaces: { type: "string", default: "1" },
    plot: { type: "string" },
    profile: { type: "string" },
    kubeconfig: { type: "string" },
    namespace: { type: "string" },
    image: { type: "string" },
  },
});
const [figure = "living"] = positionals;
const { kubeconfig, namespace, image } = values;
const real = kubeconfig && namespace && image ? { kubeconfig, namespace, image } : undefined;
const profile = values.profile ? ["--cpu-prof", `--cpu-prof-dir=${values.profile}`] : [];
const runsOr = (usual: number): number => Number(values.runs ?? usual);

const figures: Record<string, (place: Place) => Promise<void>> = { living, burst, adopt, churn };
const measure = figures[figure];
if (!measure) throw new Error(`there is no figure ${figure}: ${Object.keys(figures).join(", ")}`);
const load = (): string => loadavg()[0]?.toFixed(1) ?? "";
console.log(`${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}; load ${load()} before\n`);
await using place = await openPlace({
  namespaces: Number(values.namespaces),
  execArgv: profile,
  ...(real ? { real } : {}),
});
await measure(place);
console.log(`\nload ${load()} after`);

async function living(place: Place): Promise<void> {
  await using host = await startHost(place, profile);
  const counts = (values.runs ?? "1,10,100,300,1000,2000").split(",").map(Number);
  console.log(table(LIVING_HEAD, []));
  let alone: Living | undefined;
  // Row by row: the last ones take long.
  const onStep = (step: Living): void => {
    alone ??= step;
    console.log(rowOf(livingRow(step, alone)));
  };
  const [seconds, everyMs] = [Number(values.seconds), Number(values.every) * 1000];
  const steps = await measureLiving(place, host, { counts, seconds, everyMs, onStep });
  if (steps.length > 2) console.log(`\n${table(GROWTH_HEAD, growthRows(steps, SERIES))}`);
  if (values.plot) await writeFile(values.plot, plot(steps));
}

async function burst(place: Place): Promise<void> {
  await using host = await startHost(place, profile);
  const runs = runsOr(1000);
  await warmUp(place, host);
  const started = await measureStart(place, host, runs, Number(values.within) * 1000);
  const ended = await measureEnd(place, host, runs);
  tellPhases([started, ended]);
  tellVerdicts(host);
}

async function adopt(place: Place): Promise<void> {
  const runs = runsOr(1000);
  const script = { lines: 3600, periodMs: 1000 };
  const settings = place.newRuns(runs, script);
  const first = await startHost(place);
  await first.start(settings, runs * 10);
  await first.kill();
  await using host = await startHost(place, profile);
  const lost = settings.map(({ runId }) => runId);
  const agents = settings.map(({ agentId }) => agentId);
  const adopted = await measureAdoption(place, host, lost, agents);
  const { objects } = (await place.simulation?.look()) ?? { objects: {} };
  const ended = await measureEnd(place, host, runs);
  tellPhases([adopted, ended]);
  console.log(`\nobjects while all were taken over: ${JSON.stringify(objects)}`);
  tellVerdicts(host);
}

async function churn(place: Place): Promise<void> {
  await using host = await startHost(place, profile);
  await warmUp(place, host);
  console.log(table(["runs that are over", "heap MB", "external MB", "RSS MB"], []));
  const options = { rounds: Number(values.rounds), runs: runsOr(100), heaps: values.heaps };
  const grown = await measureChurn(place, host, options, (heap) =>
    console.log(
      `| ${heap.runs} | ${[heap.heapMb, heap.externalMb, heap.rssMb].map((mb) => mb.toFixed(1)).join(" | ")} |`,
    ),
  );
  tellVerdicts(host);
  if (!grown) return;
  const rows = grown.map(({ name, objects, bytes }) => [name, objects, (bytes / 1000).toFixed(0)]);
  console.log(`\n${table(["more of it after the last round", "objects", "KB"], rows)}`);
}

/** What a process loads once is no run's. */
async function warmUp(place: Place, host: Host): Promise<void> {
  await measureStart(place, host, 1, 0);
  await measureEnd(place, host, 1);
}

function tellPhases(phases: readonly Phase[]): void {
  console.log(table(PHASE_HEAD, phases.map(phaseRow)));
  for (const { what, measured } of phases) console.log(`\nrequests, ${what}: ${JSON.stringify(measured.requests)}`);
}

function tellVerdicts({ results }: Host): void {
  const verdicts: Record<string, number> = {};
  for (const { resultJson } of results) {
    const { complete } = (resultJson?.transcript ?? {}) as { complete?: boolean };
    const verdict = `${String(resultJson?.verdict)}, transcript ${complete ? "complete" : "NOT complete"}`;
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
  }
  console.log(`\nverdicts: ${JSON.stringify(verdicts)}`);
}
