/** What is left of runs that are over. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "../host.ts";
import type { Place } from "../place.ts";
import { type Grown, grownBetween, readHeap } from "./heap.ts";

const SETTLE_MS = 3000;

export interface HeapAt {
  readonly runs: number;
  readonly heapMb: number;
  readonly externalMb: number;
  readonly rssMb: number;
}

export interface Churn {
  readonly rounds: number;
  /** Of each round. */
  readonly runs: number;
  /** A folder for what is on the heap after the second round, when all is loaded, and after the last. */
  readonly heaps?: string | undefined;
}

/** What there is more of after the last round: see grownBetween. Null without a folder for the heaps. */
export async function measureChurn(
  place: Place,
  host: Host,
  { rounds, runs, heaps }: Churn,
  onRound: (heap: HeapAt) => void,
): Promise<Grown[] | null> {
  const files = heaps ? [join(heaps, "before.heapsnapshot"), join(heaps, "after.heapsnapshot")] : [];
  const [before, after] = files;
  for (let round = 1; round <= rounds; round++) {
    await host.start(place.newRuns(runs, { lines: 3600, periodMs: 500 }), runs * 10);
    const ended = host.results.length;
    place.simulation?.send({ kind: "finish" });
    await host.ended(ended + runs);
    await sleep(SETTLE_MS);
    host.begin();
    const { heapMb, externalMb, rssMb } = await host.measure();
    onRound({ runs: round * runs, heapMb, externalMb, rssMb });
    if (round === 2 && before) await host.writeHeap(before);
  }
  if (!before || !after) return null;
  await host.writeHeap(after);
  return grownBetween(await readHeap(before), await readHeap(after));
}
