/** Notices that the run's node has not told of its end though it was due: then nobody can say whether the agent runs. */
import type { Pod } from "kubernetes-types/core/v1";
import type { Clock } from "../../kubernetes/clock.ts";
import { firstOf } from "../shared/first-of.ts";
import { type OverdueEnd, overdueEnd, releaseCommands } from "../shared/unknown-agent.ts";
import type { FindPod } from "./find-pod.ts";
import type { ObservedRun } from "./observed-run.ts";

/** Milliseconds between requests while the cluster does not answer: then it is not the node that is silent. */
const ASK_EVERY_MS = 5_000;

/** Resolves, with the act in the record, when the end is overdue and the cluster itself says so now. Rejects with the signal's reason. */
export async function untilPodLost(
  observed: ObservedRun,
  findPod: FindPod,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const first = new FirstSeen();
  for (;;) {
    const { job, pod } = observed;
    const overdue = job && pod && observed.evidence.pod?.presence === "present" ? overdueEnd(job, pod) : null;
    const now = clock.now();
    // By both clocks: one that is minutes ahead of the cluster's would call every end overdue.
    const dueAt = overdue ? Math.max(overdue.at, first.at(overdue, pod, now) + overdue.afterMs) : 0;
    const leftMs = overdue ? dueAt - now : Number.POSITIVE_INFINITY;
    if (!overdue || !job || !pod || leftMs > 0) {
      await changeOrTime(observed, clock, leftMs, signal);
      continue;
    }
    const seen = await findPod(signal);
    if (seen.kind === "found") {
      const at = clock.now();
      const same = seen.pod?.metadata.uid === pod.metadata?.uid;
      const current = same && seen.pod ? overdueEnd(job, seen.pod) : null;
      if (current?.why === overdue.why && current.at <= at) {
        const fix = releaseCommands(job, pod);
        const by = new Date(overdue.at).toISOString();
        return observed.add({ kind: "act", act: { kind: "gave-up-pod", why: overdue.why, by, fix, at } });
      }
      observed.add(seen.pod ? { kind: "pod", pod: seen.pod, deleted: false, at } : { kind: "pod-gone", at });
    }
    await changeOrTime(observed, clock, ASK_EVERY_MS, signal);
  }
}

/** When a pod was first seen to be due for a reason, by our clock. */
class FirstSeen {
  readonly #times = new Map<string, number>();

  at({ why }: OverdueEnd, pod: Pod | null, now: number): number {
    const key = `${pod?.metadata?.uid} ${why}`;
    const at = this.#times.get(key) ?? now;
    this.#times.set(key, at);
    return at;
  }
}

async function changeOrTime(observed: ObservedRun, clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (ms === Number.POSITIVE_INFINITY) return observed.changed(signal);
  await firstOf(signal, [(stop) => observed.changed(stop), (stop) => clock.sleep(ms, stop)]);
}
