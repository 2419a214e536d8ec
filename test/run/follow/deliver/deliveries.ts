import { systemClock } from "../../../../src/kubernetes/clock.ts";
import { Delivery } from "../../../../src/run/follow/deliver/delivery.ts";
import type { OnLog } from "../../../../src/run/follow/deliver/host-calls.ts";

/** A delivery to that host, and what it tells. `patience`: of each call that was waited for, whether an earlier one hung. */
export function delivery(onLog: OnLog, memoryBytes = 1 << 20, tooLongMs = 60_000) {
  const patience: boolean[] = [];
  const faults: Error[] = [];
  const spills: (Error | null)[] = [];
  const made = new Delivery({
    onLog,
    onFault: (error) => faults.push(error),
    onSpill: (error) => spills.push(error),
    maxBytes: 1 << 30,
    memoryBytes,
    clock: systemClock,
    limitMs: (hanging) => {
      patience.push(hanging);
      return tooLongMs;
    },
  });
  return { made, faults, spills, patience };
}

/** Nobody stops waiting. */
export const NEVER = new AbortController().signal;
