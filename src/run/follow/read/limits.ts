import type { Random } from "../../../kubernetes/clock.ts";
import { fullJitter } from "../../../kubernetes/http/backoff.ts";

export interface FollowLimits {
  /** Bytes of the longest line that is delivered; a longer one is named as missing. @default 32 MiB */
  readonly maxLineBytes: number;
  /** Bytes of a frame's body when its line goes on. @default the runner's, 15 KiB */
  readonly pieceBytes?: number;
  /** Bytes of lines that `onLog` is given in all; the lines behind are counted, hashed and named. @default 1 GiB */
  readonly deliveredBytes: number;
  /** Bytes kept in memory while `onLog` is slow, and while lines wait for a gap; more goes to disk. @default 4 MiB */
  readonly memoryBytes: number;
  /** Milliseconds of silence after which a stream is opened again: this and up to half as much more. @default 15 min */
  readonly silenceMs: number;
  /** Milliseconds of silence after the container's end that a stream is still waited for. @default 3000 */
  readonly lingerMs: number;
  /** Milliseconds of silence after which a read of what is there (not followed) is given up. @default 15 s */
  readonly stallMs: number;
  /** Milliseconds without a new line that a gap in a live stream is worked on; later lines wait. @default 20 s */
  readonly gapTimeoutMs: number;
  /** The same after the container's end: the log stays as long as the pod does. @default 5 min */
  readonly endTimeoutMs: number;
  /** Milliseconds after the container's end when reading stops in any case. @default 15 min */
  readonly endDeadlineMs: number;
  /** The same for a log that could not be opened once in the run: the seal has the verdict. @default 15 s */
  readonly unopenedTimeoutMs: number;
  /** Milliseconds that a refusal is doubted when lines are missing: a server that has just started refuses too. @default 20 s */
  readonly refusalGraceMs: number;
  /** Milliseconds that one call of `onLog` may take, and up to half as much more, before the next is made. @default 1 min */
  readonly onLogTimeoutMs: number;
  /** The same while an earlier call still has not settled. @default 1 s */
  readonly onLogHungTimeoutMs: number;
}

export const DEFAULT_LIMITS: FollowLimits = {
  deliveredBytes: 1024 ** 3,
  maxLineBytes: 32 * 1024 * 1024,
  memoryBytes: 4 * 1024 * 1024,
  // At most four openings an hour, whatever the chance: test/cluster/cost.test.ts counts a quiet run's requests.
  silenceMs: 15 * 60_000,
  lingerMs: 3000,
  stallMs: 15_000,
  gapTimeoutMs: 20_000,
  endTimeoutMs: 5 * 60_000,
  endDeadlineMs: 15 * 60_000,
  unopenedTimeoutMs: 15_000,
  refusalGraceMs: 20_000,
  onLogTimeoutMs: 60_000,
  onLogHungTimeoutMs: 1000,
};

/** Milliseconds between two looks, at most, at a log whose streams end in order and bring nothing. */
const LONGEST_LOOK_MS = 10_000;

/**
 * How long to wait before a stream is opened again; `attempt` counts openings since the last new line. `inOrder`: the last one
 * ended as that of a container that has ended does. Its status tells so at once where the cluster is quick; where a thousand
 * end together it takes seconds, and to ask for each log again and again makes it slower.
 */
export function reconnectWait(attempt: number, random: Random, inOrder: boolean): number {
  if (attempt === 0) return Math.round(random() * 50);
  if (inOrder) return Math.round(Math.min(LONGEST_LOOK_MS, 1000 * 2 ** attempt * (0.5 + random())));
  return fullJitter(attempt - 1, random, { baseMs: 400, capMs: 5000 });
}
