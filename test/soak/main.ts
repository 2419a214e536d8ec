/**
 * Many agents on a devcluster, with random faults, kills of hosts and cancellations, ending in an audit.
 *
 *   npm run soak -- --minutes 10 [--agents 50] [--tasks 2] [--hosts 3] [--seed 1]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Job } from "kubernetes-types/batch/v1";
import { buildRunner } from "../../scripts/build-runner.ts";
import { ClusterRegistry } from "../../src/kubernetes/cluster-registry.ts";
import { jobs, pods, secrets } from "../../src/kubernetes/resource-types.ts";
import { stateOf } from "../../src/run/shared/job-state.ts";
import { ANNOTATIONS, RUNS } from "../../src/run/shared/names.ts";
import { superviseOnce } from "../../src/run/supervise/supervise.ts";
import { SERVER_ENV } from "../cluster/support/context.ts";
import { LeapingClock } from "../cluster/support/leaping-clock.ts";
import { openPlace, type Place } from "../cluster/support/place.ts";
import { makeTrouble } from "./chaos.ts";
import { writeExecPlugin } from "./exec-plugin.ts";
import { startHosts } from "./hosts.ts";
import { startInjector } from "./injector.ts";
import { createDice } from "./random.ts";
import { doTask } from "./task.ts";

/** Milliseconds: a Job that was stopped is left for five minutes and its grace to the process that stopped it. */
const STOPPED_JOBS_ARE_OVER_MS = 6 * 60_000;
/** Milliseconds: one that was never unsuspended, and has no Secret whose token could be asked with, is left for an hour. */
const CANDIDATES_ARE_OVER_MS = 61 * 60_000;
/** Milliseconds for what is ending anyway; a machine that is busy takes its time. */
const LEFT_AFTER_MS = 120_000;
/** Milliseconds: a cluster that was held up for longer did not keep up. */
const HELD_UP_MS = 3_000;

const { values } = parseArgs({
  options: {
    help: { type: "boolean", default: false },
    minutes: { type: "string", default: "2" },
    agents: { type: "string", default: "50" },
    tasks: { type: "string", default: "2" },
    hosts: { type: "string", default: "3" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});
if (values.help) {
  console.log(
    "npm run soak -- [--minutes 2] [--agents 50] [--tasks 2] [--hosts 3] [--seed N]: random trouble, then an audit",
  );
  process.exit(0);
}
const minutes = Number(values.minutes);
const agents = Number(values.agents);
const dice = createDice(Number(values.seed));
const tasks = Number(values.tasks);
console.log(`${agents} agents with ${tasks} tasks at a time each for ${minutes} minutes, seed ${values.seed}`);

// The cluster is this process: one that is starved shows API servers that do not answer, and proves nothing.
const delay = monitorEventLoopDelay();
delay.enable();
await buildRunner();
const folder = await mkdtemp(join(tmpdir(), "soak-"));
const place = await openPlace();
if (!place.devcluster) throw new Error("the soak breaks what it runs on: it wants a devcluster");
const hosts = await startHosts(Number(values.hosts), dice);
const injector = await startInjector(place, dice);
const plugin = await writeExecPlugin(place.kubeconfig, folder);
const end = Date.now() + minutes * 60_000;
const calm = new AbortController();
const trouble = makeTrouble({ devcluster: place.devcluster, hosts, injector, plugin, dice }, calm.signal);

const ends = new Map<string, number>();
/** Tasks whose last run was cancelled: what a lost run of them has left stays for a day, in case one more takes it over. */
const givenUp = new Set<string>();
const violations: string[] = [];
const shortfalls: string[] = [];
let runs = 0;
async function life(agentId: string): Promise<void> {
  while (Date.now() < end) {
    const outcome = await doTask({ ...place, kubeconfig: plugin.kubeconfig }, hosts, dice, folder, agentId);
    ends.set(outcome.ended, (ends.get(outcome.ended) ?? 0) + 1);
    runs += outcome.runs;
    if (outcome.givenUp) givenUp.add(outcome.givenUp);
    violations.push(...outcome.violations);
    shortfalls.push(...outcome.shortfalls);
    for (const shortfall of outcome.shortfalls) console.log(`SHORTFALL ${shortfall}`);
    for (const violation of outcome.violations) console.log(`VIOLATION ${violation}`);
  }
}
await Promise.all(Array.from({ length: agents * tasks }, (_, index) => life(`agent-${index % agents}`)));
calm.abort();
const done = await trouble;
await hosts.stop();
await injector.close();
violations.push(...(await leaked(place)));
await place.close();
await rm(folder, { recursive: true, force: true });

const heldUpMs = Math.round(delay.max / 1e6);
console.log(`runs: ${runs}; the devcluster was held up for at most ${heldUpMs} ms`);
console.log("tasks:", Object.fromEntries(ends));
console.log("trouble:", Object.fromEntries(done));
console.log("injected:", Object.fromEntries(injector.injected));
if (shortfalls.length > 0 && heldUpMs < HELD_UP_MS) violations.push(...shortfalls);
else if (shortfalls.length > 0)
  console.log(`${shortfalls.length} shortfalls, which prove nothing: the machine did not keep up`);
console.log(violations.length === 0 ? "no violation" : `${violations.length} violations:\n${violations.join("\n")}`);
process.exitCode = violations.length === 0 ? 0 : 1;

/** What is left two minutes after the last run, with Paperclip's next server, whose clock is ahead, looking after what killed ones have left. */
async function leaked({ admin, namespace, kubeconfig, paperclip }: Place): Promise<string[]> {
  let deadline = Date.now() + LEFT_AFTER_MS;
  const clock = new LeapingClock();
  clock.leap(STOPPED_JOBS_ARE_OVER_MS);
  const look = {
    dependencies: {
      env: { ...SERVER_ENV, PAPERCLIP_K8S_AUTO_RECOVERY: "off" },
      clusters: new ClusterRegistry({ clock }),
      paperclipUrl: () => paperclip.url,
    },
    places: [{ cluster: { kubeconfig }, namespace }],
    tell: () => undefined,
  };
  for (let hasLeapt = false; ; ) {
    await superviseOnce({ ...look, signal: AbortSignal.timeout(30_000) });
    const kinds = await Promise.all(
      [jobs, pods, secrets].map((type) => admin.list(type as typeof jobs, namespace, { labelSelector: RUNS })),
    );
    const kept = new Set<string | undefined>(
      kinds[0]?.items.flatMap((job) => (isKept(job as Job) ? [job.metadata.name, job.metadata.uid] : [])),
    );
    const isOfKept = ({ metadata }: Pick<Job, "metadata">): boolean =>
      kept.has(metadata?.name) || metadata?.ownerReferences?.some(({ uid }) => kept.has(uid)) === true;
    const left = kinds.flatMap(({ items }, index) =>
      items
        .filter((item) => !isOfKept(item))
        .map(({ metadata, status }) => {
          const state = JSON.stringify({
            annotations: metadata.annotations,
            deleted: metadata.deletionTimestamp,
            status,
          });
          return `leaked ${["Job", "Pod", "Secret"][index]} ${metadata.name} ${state}`;
        }),
    );
    if (left.length === 0) return [];
    const onlyCandidates = kinds.every(({ items }) =>
      items.every((item) => isOfKept(item) || stateOf(item as Job) === "candidate"),
    );
    if (onlyCandidates && !hasLeapt) {
      hasLeapt = true;
      clock.leap(CANDIDATES_ARE_OVER_MS);
      deadline = Date.now() + LEFT_AFTER_MS;
    }
    if (Date.now() > deadline) return left;
    await sleep(500);
  }
}

function isKept(job: Job): boolean {
  const taskId = job.metadata?.annotations?.[ANNOTATIONS.taskId];
  return stateOf(job) === "finished" && taskId !== undefined && givenUp.has(taskId);
}
