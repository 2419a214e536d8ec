/** What so many living runs cost their process, each with a line now and then. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Measured } from "../host/messages.ts";
import type { Host } from "../host.ts";
import type { Place } from "../place.ts";

export interface Living {
  readonly runs: number;
  readonly measured: Measured;
  /** Watches that the cluster was asked for in all: null where it is a real one. */
  readonly watches: number | null;
  /** Of the simulated cluster's event loop, meanwhile: lines are late by that much before they are sent. */
  readonly clusterLoopMs: number | null;
}

export interface LivingOptions {
  /** How many live, in growing order. */
  readonly counts: readonly number[];
  /** Of each measurement, at least. */
  readonly seconds: number;
  /** Milliseconds from one line of a run to its next. */
  readonly everyMs: number;
  readonly onStep?: (living: Living) => void;
}

/** Long enough for any measurement: a simulated agent is ended, a real one ends then. */
const LONG_MS = 3_600_000;
/** Milliseconds between two starts. */
const START_MS = 10;
/** Of fewer lines the hundredth that is latest would be one of a handful; where lines come seldom there is none. */
const LEAST_LINES = 300;
const SELDOM_MS = 10_000;
/** What has just begun is let come to rest. */
const REST_MS = 2000;

export async function measureLiving(place: Place, host: Host, options: LivingOptions): Promise<Living[]> {
  const steps: Living[] = [];
  let living = 0;
  for (const runs of options.counts) {
    const more = runs - living;
    await host.start(
      place.newRuns(more, { lines: Math.ceil(LONG_MS / options.everyMs), periodMs: options.everyMs }),
      more * START_MS,
    );
    living = runs;
    await sleep(REST_MS);
    await place.simulation?.look();
    host.begin();
    const linesTakeMs = options.everyMs > SELDOM_MS ? 0 : (LEAST_LINES * options.everyMs) / runs;
    await sleep(Math.max(options.seconds * 1000, linesTakeMs));
    const measured = await host.measure();
    const look = await place.simulation?.look();
    const watches = look ? (look.requests["WATCH jobs"] ?? 0) + (look.requests["WATCH pods"] ?? 0) : null;
    const step = { runs, measured, watches, clusterLoopMs: look?.loopP99Ms ?? null };
    options.onStep?.(step);
    steps.push(step);
  }
  return steps;
}

export const LIVING_HEAD = [
  "living runs",
  "cores",
  "RSS MB",
  "heap MB",
  "loop p99 ms",
  "line p50 ms",
  "p99 ms",
  "p99 to one alone",
  "cluster's loop p99 ms",
  "watches",
  "requests an hour and run",
  "KB a run",
  "wrong lines",
];

/** A row of the table; `alone`: the first step. */
export function livingRow({ runs, measured, watches, clusterLoopMs }: Living, alone: Living): (string | number)[] {
  const { cpuMs, wallMs, rssMb, heapMb, loop, delay, lines, requests, wrong } = measured;
  const asked = Object.values(requests).reduce((sum, count) => sum + count, 0);
  return [
    runs,
    (cpuMs / wallMs).toFixed(3),
    rssMb.toFixed(0),
    heapMb.toFixed(0),
    loop.p99.toFixed(1),
    ...(lines > 0 ? [delay.p50, delay.p99, delay.p99 / alone.measured.delay.p99] : []).map((ms) => ms.toFixed(1)),
    ...(lines > 0 ? [] : ["", "", ""]),
    clusterLoopMs?.toFixed(1) ?? "",
    watches ?? "",
    ((asked / runs) * (3_600_000 / wallMs)).toFixed(1),
    runs > alone.runs ? ((1000 * (held(measured) - held(alone.measured))) / (runs - alone.runs)).toFixed(0) : "",
    wrong,
  ];
}

/** Megabytes that a collection leaves, on the heap and beside it. */
const held = ({ heapMb, externalMb }: Measured): number => heapMb + externalMb;

export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return [rowOf(head), `|${head.map(() => "---:").join("|")}|`, ...rows.map(rowOf)].join("\n");
}

export const rowOf = (cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;
