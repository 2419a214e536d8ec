import type { Clock, Random } from "../../../kubernetes/clock.ts";
import { fullJitter } from "../../../kubernetes/http/backoff.ts";
import type { Channel } from "../../../runner/frame.ts";
import type { FollowEvent } from "../assemble/events.ts";
import type { Place } from "../assemble/frames.ts";
import type { Transcript } from "../assemble/transcript.ts";
import { GapEnd } from "./gap-end.ts";
import type { GapSource } from "./gap-source.ts";

/** What is to be had: frames up to these places (not included); `openEnded` whatever else there is. */
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
  /** Milliseconds without a new line after which sources that fail are not asked again. */
  readonly patienceMs: number;
  /** Why lines are missing, for those that nobody has. */
  readonly why: () => string;
  readonly onEvent: (event: FollowEvent) => void;
}

/** A source that stalls uses up much patience at once: it is asked again all the same. */
const MIN_ATTEMPTS = 8;

/** Gets missing lines from wherever they can be had; what nobody has is given up, named, at its place. */
export async function refill(target: RefillTarget, options: RefillOptions): Promise<void> {
  const { transcript, clock, random, signal } = options;
  const gapEnd = new GapEnd();
  let quietSince = clock.now();
  // Nothing tells what lacks at an open end, and each run with one waits so often (1.5 s in all).
  let doubts = target.openEnded ? 5 : 6;
  for (let attempt = 0; !isReached(target, transcript) && !signal.aborted; ) {
    const taken = transcript.taken;
    const { failed, read } = await askAll(target, gapEnd, options);
    if (isReached(target, transcript)) return;
    const patient = attempt < MIN_ATTEMPTS || clock.now() - quietSince < options.patienceMs;
    if (transcript.taken > taken) {
      quietSince = clock.now();
      attempt = 0;
    } else if (patient && (failed || (read && !gapEnd.any && doubts-- > 0))) {
      // An answer that ends before the place asked for may have ended too early: HTTP cannot tell.
      await clock.sleep(fullJitter(attempt++, random, { baseMs: 100, capMs: 5000 }), signal).catch(() => undefined);
    } else if (!giveUpNext(target, gapEnd, options)) return;
  }
}

/** One round. `failed`: a source may have more later; `read`: one gave what it has. */
async function askAll(target: RefillTarget, gapEnd: GapEnd, options: RefillOptions) {
  const { transcript, sources, signal } = options;
  gapEnd.clear();
  const round = { failed: false, read: false };
  for (const source of sources) {
    const from = transcript.stdout.line;
    const before = gapEnd.clear();
    // What a source has comes in order: behind a frame that is ahead there is none that is missing.
    const enough = () => isReached(target, transcript) || gapEnd.any;
    const answer = await source.offer(transcript, gapEnd, enough, signal);
    for (const place of before) gapEnd.note(place);
    if (answer !== "absent") round[answer] = true;
    // A source goes on a little beyond what was missing.
    const beyond = target.stdout?.line ?? Number.POSITIVE_INFINITY;
    const to = Math.min(transcript.stdout.line - 1, Math.max(from, beyond - 1));
    if (transcript.stdout.line > from)
      options.onEvent({ type: "refilled", channel: "stdout", from, to, source: source.name });
    if (isReached(target, transcript) || signal.aborted) break;
  }
  return round;
}

function isReached(target: RefillTarget, transcript: Transcript): boolean {
  if (target.openEnded) return false;
  return CHANNELS.every((channel) => {
    const limit = target[channel];
    return limit === null || !transcript.cursor(channel).isBefore(limit);
  });
}

function giveUpNext(target: RefillTarget, gapEnd: GapEnd, options: RefillOptions): boolean {
  const { transcript } = options;
  for (const channel of CHANNELS) {
    const limit = target[channel];
    if (limit) gapEnd.note(limit);
    const to = gapEnd[channel];
    if (to && transcript.cursor(channel).isBefore(to)) {
      transcript.giveUp(to, options.why());
      return true;
    }
  }
  return false;
}
