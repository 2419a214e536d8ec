import type { Clock, Random } from "../../../kubernetes/clock.ts";
import { fullJitter } from "../../../kubernetes/http/backoff.ts";
import type { Channel } from "../../../runner/frame.ts";
import type { FollowEvent } from "../assemble/events.ts";
import type { Place } from "../assemble/frame-channel.ts";
import type { Transcript } from "../assemble/transcript.ts";
import { GapEnd } from "./gap-end.ts";
import type { GapSource } from "./gap-source.ts";
import { Intake } from "./intake.ts";

/** What to refill: frames up to these places (excluded); `openEnded`: also everything after them. */
export interface RefillTarget {
  readonly stdout: Place | null;
  readonly stderr: Place | null;
  readonly openEnded: boolean;
}

const CHANNELS: readonly Channel[] = ["stdout", "stderr"];

export interface RefillOptions {
  readonly transcript: Transcript;
  /** In the order in which they are asked. */
  readonly sources: readonly GapSource[];
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Milliseconds without a new line after which failing sources are no longer retried. */
  readonly timeoutMs: number;
  /** Why lines are missing, for those that nobody has. */
  readonly why: () => string;
  readonly onEvent: (event: FollowEvent) => void;
}

/** Minimal attempts: a source that stalls may use up the whole time in one. */
const MIN_ATTEMPTS = 8;

/** Reads missing lines from the sources in turn; lines that none has are given up and named at their place. */
export async function refill(target: RefillTarget, options: RefillOptions): Promise<void> {
  const { transcript, clock, random, signal } = options;
  let quietSince = clock.now();
  // An open end has no known length, so every run with one waits for all of these (1.5 s in all).
  let doubts = target.openEnded ? 5 : 6;
  for (let attempt = 0; !isReached(target, transcript) && !signal.aborted; ) {
    const taken = transcript.taken;
    const { failed, read, gapEnd } = await readSources(target, options);
    if (isReached(target, transcript)) return;
    const mayRetry = attempt < MIN_ATTEMPTS || clock.now() - quietSince < options.timeoutMs;
    if (transcript.taken > taken) {
      quietSince = clock.now();
      attempt = 0;
    } else if (mayRetry && (failed || (read && !gapEnd.any && doubts-- > 0))) {
      // An answer that ends before the place asked for may have ended too early: HTTP cannot tell.
      await clock.sleep(fullJitter(attempt++, random, { baseMs: 100, capMs: 5000 }), signal).catch(() => undefined);
    } else if (!giveUpNext(target, gapEnd, options)) return;
  }
}

/** Gives up everything before the target. */
export function giveUpRest(target: RefillTarget, options: Pick<RefillOptions, "transcript" | "why">): void {
  while (giveUpNext(target, new GapEnd(), options));
}

/** One round. `failed`: a source may have more later; `read`: one gave what it has. */
async function readSources(target: RefillTarget, options: RefillOptions) {
  const { transcript, sources, signal } = options;
  const round = { failed: false, read: false, gapEnd: new GapEnd() };
  for (const source of sources) {
    const from = transcript.stdout.line;
    const intake = new Intake(transcript, () => isReached(target, transcript), signal);
    const answer = await source.refill(intake);
    round.gapEnd.merge(intake.gapEnd);
    if (answer !== "absent") round[answer] = true;
    // A source may deliver some lines beyond the gap.
    const beyond = target.stdout?.line ?? Number.POSITIVE_INFINITY;
    const to = Math.min(transcript.stdout.lastLine, Math.max(from, beyond - 1));
    if (transcript.stdout.line > from)
      options.onEvent({ type: "refilled", channel: "stdout", from, to, source: source.name });
    if (isReached(target, transcript) || signal.aborted) break;
  }
  return round;
}

function isReached(target: RefillTarget, transcript: Transcript): boolean {
  if (target.openEnded) return false;
  return CHANNELS.every((name) => {
    const limit = target[name];
    return limit === null || !transcript.channel(name).isBefore(limit);
  });
}

function giveUpNext(
  target: RefillTarget,
  gapEnd: GapEnd,
  { transcript, why }: Pick<RefillOptions, "transcript" | "why">,
): boolean {
  for (const name of CHANNELS) {
    gapEnd.note(target[name]);
    const to = gapEnd[name];
    if (to && transcript.channel(name).isBefore(to)) {
      transcript.giveUp(to, why());
      return true;
    }
  }
  return false;
}
