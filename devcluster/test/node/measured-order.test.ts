import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { measuredTimings, type Timings } from "../../src/timings.ts";
import type { StoreEvent } from "../../src/types.ts";
import { jobReady, startCluster } from "./support/cluster.ts";
import { type Case, cases } from "./support/measured-cases.ts";
import { parseLine, parseTold, type Seen, seen, type Told, told } from "./support/shape.ts";

/**
 * Each case runs on the devcluster as it ran on a real cluster; what a watcher sees of the pod and of the Job must have
 * the same shape in the same order. Times are the measured ones, shortened by the same factor.
 */
const FACTOR = 0.4;
const shorter = Object.fromEntries(Object.entries(measuredTimings).map(([name, ms]) => [name, ms * FACTOR]));
// A pod is counted before or after it is removed: measured both ways. Here always before.
const timings: Timings = { ...(shorter as unknown as Timings), podRemoved: 700, podGarbageCollector: 1000 };

describe.concurrent("what a watcher sees, as measured", () => {
  test.each(Object.entries(cases))("%s", async (name, run) => {
    const lines = recording(name);
    const real = lines
      .map(parseLine)
      .filter((line) => line !== undefined)
      .sort((a, b) => a.revision - b.revision);
    const events = await play(run);
    const mine = events.map(seen).filter((event) => event !== undefined);
    for (const kind of ["pod", "job"] as const) {
      expect(of(mine, kind, run.racing), kind).toEqual(of(real, kind, run.racing));
    }
    if (run.together) expect(afterStart(mine)).toEqual(afterStart(real));
    for (const about of ["Pod", "Job"]) {
      expect(texts(events.map(told), about), about).toEqual(texts(lines.map(parseTold), about));
    }
  });
});

function recording(name: string): string[] {
  return readFileSync(new URL(`../fixtures/kubernetes-1.36/${name}.txt`, import.meta.url), "utf8").split("\n");
}

/** The Events about one kind, each once, in the order of their first appearance. */
function texts(all: readonly (Told | undefined)[], about: string): string[] {
  return [...new Set(all.filter((event) => event?.about === about).map((event) => event?.text ?? ""))];
}

async function play(run: Case): Promise<readonly StoreEvent[]> {
  await using cluster = await startCluster({ timings: { ...timings, ...run.timings } });
  cluster.createJob("job", run.pod, run.job);
  if (run.when !== undefined) {
    await cluster.until(run.when);
    const [pod] = cluster.store.list("pods");
    const name = pod?.metadata.name ?? "";
    // Its handlers and its child are there when it has spoken.
    if (run.when === jobReady) await cluster.untilItSpeaks(name);
    await run.act?.(cluster, name);
  }
  await cluster.until(run.until);
  return cluster.events;
}

function of(events: readonly Seen[], kind: Seen["kind"], racing = false): string[] {
  const lines = events.filter((event) => event.kind === kind).map(text);
  return collapsed(racing ? lines.map((line) => line.replace(/"fin":\[[^\]]*\],/, "")) : lines);
}

/** Pod and Job together from the first Running on; before, they race. */
function afterStart(events: readonly Seen[]): string[] {
  const distinct = events.filter((event, index) => {
    const before = events.slice(0, index).findLast(({ kind }) => kind === event.kind);
    return before === undefined || before.type !== event.type || before.shape !== event.shape;
  });
  const start = distinct.findIndex(({ kind, shape }) => kind === "job" && shape.includes('"ready":1'));
  return distinct.slice(start).map(text);
}

function collapsed(all: readonly string[]): string[] {
  return all.filter((line, index, lines) => line !== lines[index - 1]);
}

const text = ({ kind, type, shape }: Seen): string => `${kind} ${type} ${shape}`;
