/** Shows that a silent run is alive: Paperclip grows suspicious of one that says nothing for an hour (measured). */
import type { Clock } from "../../kubernetes/clock.ts";
import type { Host } from "../../paperclip/host.ts";
import type { ObservedRun } from "../observe/observe.ts";

/** Milliseconds of silence after which the host is told once more. */
const SILENCE_MS = 10 * 60_000;

export interface SilenceReporter {
  /** The agent said something. */
  heard(): void;
}

/** Tells the host of each stretch of silence of a container that runs, until the signal aborts. */
export function reportSilence(observed: ObservedRun, host: Host, clock: Clock, signal: AbortSignal): SilenceReporter {
  let heardAt = clock.now();
  let toldAt = heardAt;
  const tell = async (): Promise<void> => {
    for (;;) {
      const next = Math.max(heardAt, toldAt) + SILENCE_MS;
      await clock.sleep(Math.max(0, next - clock.now()), signal);
      if (clock.now() < Math.max(heardAt, toldAt) + SILENCE_MS) continue;
      toldAt = clock.now();
      const { pod } = observed.evidence;
      // Of a pod that was told to end, running was only the last that its node said.
      if (pod?.presence !== "present" || pod.agent.state !== "running" || pod.deletionAskedAt !== null) continue;
      const minutes = Math.round((toldAt - heardAt) / 60_000);
      const message = `The agent in pod ${pod.name} has printed nothing for ${minutes} minutes; its container runs`;
      await host.notice({ type: "k8s.pod.silent", message, payload: { pod: pod.name, minutes } });
    }
  };
  tell().catch(() => "the run is over");
  return {
    heard: () => {
      heardAt = clock.now();
    },
  };
}
