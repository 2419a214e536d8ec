/** What is left of runs that are over. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "../host.ts";
import type { Place } from "../place.ts";

const SETTLE_MS = 3000;

export interface HeapAt {
  readonly runs: number;
  readonly heapMb: number;
  readonly externalMb: number;
  readonly rssMb: number;
}

/** Each: so many runs started, ended, and the heap after a collection. */
export async function measureChurn(
  place: Place,
  host: Host,
  { rounds, runs }: { readonly rounds: number; readonly runs: number },
  onRound: (heap: HeapAt) => void,
): Promise<void> {
  for (let round = 1; round <= rounds; round++) {
    await host.start(place.newRuns(runs, { lines: 3600, periodMs: 500 }), runs * 10);
    const before = host.results.length;
    place.simulation?.send({ kind: "finish" });
    await host.ended(before + runs);
    await sleep(SETTLE_MS);
    host.begin();
    const { heapMb, externalMb, rssMb } = await host.measure();
    onRound({ runs: round * runs, heapMb, externalMb, rssMb });
  }
}
