/** Waits until the slot of a run may be free, and reports to the host what it waits for. */

import { raceSignal } from "race-signal";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { fullJitter } from "../../kubernetes/http/backoff.ts";
import type { Observation, Observer } from "../../kubernetes/watch/observer.ts";
import type { Host } from "../../paperclip/host.ts";
import { firstOf } from "../shared/first-of.ts";
import { refusal } from "./refusal.ts";
import type { SlotOfRun } from "./slot.ts";
import { relationOf } from "./slot.ts";
import type { Wait } from "./wait.ts";

/** Milliseconds after a change before the cluster's state is read again: changes come in groups. */
const SETTLE_MS = 300;
/** Milliseconds after which it is read without a change: Paperclip's records change without one. */
const POLL_EVERY_MS = 10_000;
/** Milliseconds between notices of one wait: Paperclip flags a run that is silent for an hour. */
const NOTIFY_EVERY_MS = 10 * 60_000;

export interface SlotWaiter {
  /**
   * Resolves when the cluster's state is to be read again. Throws RunFault when the wait has passed its limit, or the
   * signal's reason.
   */
  wait(wait: Wait, signal: AbortSignal): Promise<void>;
  /** Reports that the wait is over, if it was reported. */
  granted(): Promise<void>;
}

export function createSlotWaiter(
  { clock, random }: Pick<KubernetesClient, "clock" | "random">,
  observer: Pick<Observer, "observe">,
  run: SlotOfRun,
  host: Pick<Host, "notice" | "status">,
): SlotWaiter {
  let current: { readonly why: string; readonly began: number; notifiedAt: number } | null = null;

  const notify = async (wait: Wait, repeated: boolean): Promise<void> => {
    const { why, detail, job, pod, runId, since } = wait;
    const message = `Waiting: ${why}${detail ? `: ${detail}` : ""}${since ? ` (since ${since})` : ""}`;
    await host.notice({ type: "k8s.run.waiting", message, payload: { job, pod, runId, since } });
    if (!repeated) await host.status(message);
  };

  return {
    wait: async (wait, signal) => {
      const now = clock.now();
      const repeated = current?.why === wait.why;
      if (!current || !repeated) current = { why: wait.why, began: now, notifiedAt: now };
      const waitedSec = (now - current.began) / 1000;
      if (wait.limit && waitedSec > wait.limit.sec) throw refusal(clock, wait.limit.refusal);
      if (!repeated || now - current.notifiedAt >= NOTIFY_EVERY_MS) {
        current.notifiedAt = now;
        await notify(wait, repeated);
      }
      await changeOf(
        observer,
        run,
        (ms, until) => clock.sleep(ms, until),
        (wait.lookAfterMs ?? POLL_EVERY_MS) + fullJitter(0, random),
        signal,
      );
      await clock.sleep(SETTLE_MS, signal);
    },
    granted: async () => {
      if (!current) return;
      const seconds = Math.round((clock.now() - current.began) / 1000);
      current = null;
      await host.notice({
        type: "k8s.run.waited",
        message: `Waited ${seconds} s; this run goes on now`,
        payload: { seconds },
      });
    },
  };
}

/** Resolves at the first change of what may concern the run, or after `withinMs`. Rejects with the signal's reason. */
async function changeOf(
  observer: Pick<Observer, "observe">,
  run: SlotOfRun,
  sleep: (ms: number, signal: AbortSignal) => Promise<void>,
  withinMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { promise: changed, resolve } = Promise.withResolvers<void>();
  const concerns = ({ object }: Observation): boolean => relationOf(run, object) !== null;
  const stopObserving = observer.observe(concerns, ({ type }) => {
    if (type !== "CURRENT") resolve();
  });
  try {
    await firstOf(signal, [(stop) => raceSignal(changed, stop), (stop) => sleep(withinMs, stop)]);
  } finally {
    stopObserving();
  }
}
