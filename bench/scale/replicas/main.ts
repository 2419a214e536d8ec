/**
 * Several servers of one Paperclip on one simulated cluster:
 *
 *     node bench/scale/replicas/main.ts quiet [--servers 1,2,3] [--runs 300] [--seconds 120]
 *     node bench/scale/replicas/main.ts kills [--servers 3] [--runs 300] [--kills 10] [--every 60] [--lease 60] [--seed 1]
 *
 * `quiet`: what the servers' supervisors ask while all runs live. `kills`: a server is killed each so many seconds and
 * another started in its place; at the end every task is audited.
 */
import { cpus, loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { rowOf, table } from "../figures/living.ts";
import { spread } from "../numbers.ts";
import { openPlace } from "../place.ts";
import { Scene, type SceneOptions } from "./scene.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    servers: { type: "string" },
    runs: { type: "string", default: "300" },
    seconds: { type: "string", default: "120" },
    kills: { type: "string", default: "10" },
    every: { type: "string", default: "60" },
    lease: { type: "string", default: "60" },
    seed: { type: "string", default: "1" },
  },
});
const [figure = "kills"] = positionals;
const number = (name: "runs" | "seconds" | "kills" | "every" | "lease" | "seed"): number => Number(values[name]);
const PERIOD_MS = 1000;
/** Milliseconds from one start to the next: 100 runs within ten seconds. */
const START_MS = 100;
const load = (): string => loadavg()[0]?.toFixed(1) ?? "";
const total = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

const sceneOf = (more: Pick<SceneOptions, "servers" | "seconds">): SceneOptions => ({
  tasks: number("runs"),
  periodMs: PERIOD_MS,
  leaseMs: number("lease") * 1000,
  seed: number("seed"),
  ...more,
});

console.log(`${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}; load ${load()} before\n`);
if (figure === "quiet") await quiet();
else if (figure === "kills") await kills();
else throw new Error(`there is no figure ${figure}: quiet, kills`);
console.log(`\nload ${load()} after`);

async function quiet(): Promise<void> {
  const seconds = number("seconds");
  console.log(table(["servers", "runs", "of the cluster, a minute", "of Paperclip, a minute", "which"], []));
  for (const servers of (values.servers ?? "1,2,3").split(",").map(Number)) {
    await using place = await openPlace();
    await using scene = await Scene.open(place, sceneOf({ servers, seconds: [3600, 3600] }));
    await scene.wakeAll(number("runs") * START_MS);
    await scene.untilRunning(number("runs"), 600_000);
    // Each supervisor has found all of them once.
    await sleep(40_000);
    scene.servers.begin();
    scene.paperclip.asked.supervisor = {};
    await sleep(seconds * 1000);
    const { supervisor } = scene.servers.asked;
    const ofPaperclip = scene.paperclip.asked.supervisor;
    const aMinute = (count: number): string => ((count * 60) / seconds).toFixed(1);
    const which = JSON.stringify({ ...supervisor, ...ofPaperclip });
    console.log(rowOf([servers, number("runs"), aMinute(total(supervisor)), aMinute(total(ofPaperclip)), which]));
  }
}

async function kills(): Promise<void> {
  const span = (number("kills") + 1) * number("every");
  await using place = await openPlace();
  const options = sceneOf({ servers: Number(values.servers ?? 3), seconds: [Math.ceil(span / 10), span] });
  await using scene = await Scene.open(place, options);
  const waking = scene.wakeAll(number("runs") * START_MS);
  console.log(table(["after s", "runs of the server that was killed"], []));
  const began = Date.now();
  for (let kill = 1; kill <= number("kills"); kill++) {
    await sleep(began + kill * number("every") * 1000 - Date.now());
    const after = Math.round((Date.now() - began) / 1000);
    console.log(rowOf([after, await scene.servers.killOne()]));
  }
  await waking;
  await scene.untilAllDone((span + 600) * 1000);
  report(scene, Math.round((Date.now() - began) / 1000));
}

function report(scene: Scene, seconds: number): void {
  const { servers, paperclip } = scene;
  const runs = [...paperclip.runs];
  const lost = runs.filter(({ lostAt }) => lostAt !== null).length;
  const { p50, p99, max } = spread(scene.wakeDelays);
  console.log(`\n${runs.length} runs of ${number("runs")} tasks, ${lost} of them lost, all done after ${seconds} s`);
  console.log(`from the loss of a run to the next one of its task: p50 ${p50} ms, p99 ${p99} ms, longest ${max} ms`);
  console.log(`the supervisors asked the cluster ${JSON.stringify(servers.asked.supervisor)}`);
  console.log(`and Paperclip ${JSON.stringify(paperclip.asked.supervisor)}`);
  console.log(`runs asked the cluster ${JSON.stringify(servers.asked.runs)}`);
  const wrong = scene.audit();
  console.log(wrong.length === 0 ? "the audit is clean" : `${wrong.length} findings:\n${wrong.join("\n")}`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
}
