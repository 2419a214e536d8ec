import type { Clock } from "../../kubernetes/clock.ts";
import { allArrived, sealedStderr } from "./assemble/completeness.ts";
import type { ContainerView } from "./read/container.ts";
import type { FollowLimits } from "./read/limits.ts";
import type { LogEndpoint } from "./read/log-endpoint.ts";
import { Intake } from "./refill/intake.ts";
import type { LogApi } from "./refill/log-api.ts";
import { giveUpRest, type RefillOptions, type RefillTarget, refill } from "./refill/refill.ts";

export interface DrainOptions extends Omit<RefillOptions, "timeoutMs" | "sources"> {
  readonly endpoint: LogEndpoint;
  readonly container: ContainerView;
  readonly api: LogApi;
  /** Other sources of missing lines. */
  readonly sources: RefillOptions["sources"];
  readonly limits: FollowLimits;
}

/** Reads the rest of the log of a container that has ended. */
export async function drain(options: DrainOptions): Promise<void> {
  const { transcript, container, api, endpoint, sources, limits, signal } = options;
  const seal = container.seal();
  const sealed: RefillTarget = seal?.stdout
    ? {
        stdout: { channel: "stdout", line: seal.stdout.lines + 1, piece: 0 },
        stderr: { channel: "stderr", line: sealedStderr(seal) + 1, piece: 0 },
        openEnded: false,
      }
    : { stdout: null, stderr: null, openEnded: true };
  const target = transcript.mode === "raw" ? { ...sealed, openEnded: true } : sealed;
  const time = limitTime(options);
  // An endpoint that never answered may take up all the time there is.
  const inOrder = endpoint.answered ? [api, ...sources] : [...sources, api];
  // A node that shuts down does not come back with the log.
  const timeoutMs = container.state() === "left" ? limits.unopenedTimeoutMs : limits.endTimeoutMs;
  await refill(target, { ...options, sources: inOrder, timeoutMs, signal: time.signal });
  time.clear();
  if (signal.aborted) return;
  if (api.unfinished && !allArrived(transcript, seal)) transcript.takeUnfinished(api.unfinished);
  if (transcript.mode !== "raw") giveUpRest(sealed, options);
}

/** Reads the end of the log while a silent stream is still open: whichever brings the lines first. */
export async function readEnd(options: DrainOptions, api: LogApi, signal: AbortSignal): Promise<void> {
  const { transcript, container, endpoint } = options;
  const { mode } = transcript;
  // Two readings at once need numbers to be told apart.
  if (mode === "raw" || (mode === "undecided" && !container.seal()?.stdout)) return;
  if (!endpoint.answered) return;
  await api.refill(new Intake(transcript, () => allArrived(transcript, container.seal()), signal));
}

function limitTime({ clock, limits, endpoint, signal }: DrainOptions & { clock: Clock }) {
  const done = new AbortController();
  const timeIsUp = new AbortController();
  const after = (ms: number, isUp: () => boolean) =>
    clock.sleep(ms, done.signal).then(
      () => {
        if (isUp()) timeIsUp.abort();
      },
      () => undefined,
    );
  void after(limits.endDeadlineMs, () => true);
  void after(limits.unopenedTimeoutMs, () => !endpoint.answered);
  return { signal: AbortSignal.any([signal, timeIsUp.signal]), clear: () => done.abort() };
}
