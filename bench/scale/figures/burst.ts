/** Runs that start together and end together, and those that a new process takes over after the death of the first. */

import type { Measured } from "../host/messages.ts";
import type { Host } from "../host.ts";
import { spread } from "../numbers.ts";
import type { Place } from "../place.ts";

export interface Phase {
  readonly what: string;
  readonly runs: number;
  /** Until the last run had its first line, or its result. */
  readonly seconds: number;
  readonly measured: Measured;
}

const LONG = { lines: 3600, periodMs: 1000 };

export async function measureStart(place: Place, host: Host, count: number, withinMs: number): Promise<Phase> {
  return startAs(`${count} started within ${withinMs / 1000} s`, host, place.newRuns(count, LONG), withinMs);
}

/** Runs of the same agents, after the process of the first ones was killed. */
export async function measureAdoption(
  place: Place,
  host: Host,
  lost: readonly string[],
  agents: readonly string[],
): Promise<Phase> {
  place.record(lost, "failed");
  return startAs(`${agents.length} taken over`, host, place.newRuns(agents.length, LONG, agents), 0);
}

async function startAs(what: string, host: Host, runs: ReturnType<Place["newRuns"]>, withinMs: number): Promise<Phase> {
  host.begin();
  const began = performance.now();
  await host.start(runs, withinMs);
  const seconds = (performance.now() - began) / 1000;
  return { what, runs: runs.length, seconds, measured: await host.measure() };
}

/** All at once. */
export async function measureEnd(place: Place, host: Host, count: number): Promise<Phase> {
  const { simulation } = place;
  if (!simulation) throw new Error("agents of a real cluster end by themselves");
  const before = host.results.length;
  host.begin();
  const began = performance.now();
  simulation.send({ kind: "finish" });
  await host.ended(before + count);
  const seconds = (performance.now() - began) / 1000;
  return { what: `${count} ended at once`, runs: count, seconds, measured: await host.measure() };
}

export const PHASE_HEAD = [
  "what",
  "s to the last",
  "first line p50 s",
  "p99 s",
  "CPU ms a run",
  "requests a run",
  "creates at once",
  "retries",
  "loop p99 ms",
  "RSS MB",
  "wrong lines",
];

export function phaseRow({ what, runs, seconds, measured }: Phase): (string | number)[] {
  const { p50, p99 } = spread(measured.firstLineMs);
  const asked = Object.values(measured.requests).reduce((sum, count) => sum + count, 0);
  const inSeconds = (ms: number): string => (Number.isNaN(ms) ? "" : (ms / 1000).toFixed(1));
  return [
    what,
    seconds.toFixed(1),
    inSeconds(p50),
    inSeconds(p99),
    (measured.cpuMs / runs).toFixed(1),
    (asked / runs).toFixed(2),
    measured.creating,
    measured.retries,
    measured.loop.p99.toFixed(0),
    measured.rssMb.toFixed(0),
    measured.wrong,
  ];
}
