import type { Seal } from "../../../runner/seal.ts";
import type { Missing } from "./missing.ts";
import type { Transcript } from "./transcript.ts";

/** What can be said of the transcript when no more will come. `lines` are those of the agent's stdout that the host has. */
export type Completeness =
  /** The host took every line once, in order: count, bytes and SHA-256 are those that the runner sealed. */
  | { readonly state: "complete"; readonly lines: number; readonly bytes: number; readonly sha256: string }
  /** Lines are known to be missing or not as the agent wrote them. */
  | { readonly state: "missing"; readonly lines: number; readonly gaps: readonly Missing[] }
  /** No gap was seen, but nothing excludes one. */
  | { readonly state: "unproven"; readonly lines: number; readonly why: string };

/** How the following ended. */
export interface FollowEnd {
  /** It was stopped before the container's end was drained. */
  readonly stopped: boolean;
  /** What was read and the host did not take; `lines` of stdout in all. */
  readonly undelivered: { readonly gaps: readonly Missing[]; readonly lines: number };
  /** Why the log could not be read at all; null when it was. */
  readonly unread: string | null;
  /** The pod was gone before anybody saw how its container ended. */
  readonly podGone: boolean;
}

/** True when every line that the seal counts has arrived; says nothing of its bytes. */
export function allArrived(transcript: Transcript, seal: Seal | null): boolean {
  if (transcript.mode === "raw" || !seal?.stdout) return false;
  return transcript.stdout.lastLine >= seal.stdout.lines && transcript.stderr.lastLine >= sealedStderr(seal);
}

/** Lines of stderr that the runner wrote to the log; what passed its bound is not in the log, and not a gap. */
export function sealedStderr(seal: Seal): number {
  return seal.stderr && seal.stderr.dropped === 0 ? seal.stderr.lines : 0;
}

export function completeness(transcript: Transcript, seal: Seal | null, end: FollowEnd): Completeness {
  const { undelivered, stopped } = end;
  const lines = arrivedLines(transcript) - undelivered.lines;
  const gaps = [...transcript.missing, ...unfilledTail(transcript, seal, stopped), ...undelivered.gaps].sort(inOrder);
  if (gaps.length > 0) return { state: "missing", lines, gaps };
  const provable = seal?.stdout && transcript.mode !== "raw" && !(stopped && !allArrived(transcript, seal));
  if (!provable) return { state: "unproven", lines, why: whyUnproven(transcript, seal, end) };
  const { bytes, sha256 } = transcript.digest.result(seal.stdout.newline);
  const arrived = transcript.stdout.lastLine;
  if (arrived === seal.stdout.lines && bytes === seal.stdout.bytes && sha256 === seal.stdout.sha256) {
    return { state: "complete", lines, bytes, sha256 };
  }
  return { state: "missing", lines, gaps: changedLines(transcript, arrived) };
}

const NO_NUMBERS = "the log has no line numbers (the image has no Node)";

function whyUnproven({ mode, raw }: Transcript, seal: Seal | null, { stopped, unread, podGone }: FollowEnd): string {
  if (stopped) return "the follower was stopped before the container's end";
  if (unread !== null) return `the log could not be read: ${unread}`;
  if (raw.suspicions > 0) return `lines may be missing in ${raw.suspicions} place(s): ${NO_NUMBERS}`;
  if (mode === "raw") return NO_NUMBERS;
  // sh seals such an end also where the image has Node: it is told to stop before Node listens.
  if (seal?.runner === "sh" && seal.exitCode === null && seal.signal === null && !seal.partial)
    return "the agent was not started, and the runner counted no lines";
  if (seal?.runner === "sh") return NO_NUMBERS;
  if (seal?.partial) return "the runner was killed before it had counted the lines";
  if (seal?.cut)
    return "the cluster cut the runner's seal before the count of the lines: the containers of a pod share the room for it";
  return podGone
    ? "the pod was gone before anybody saw its end, and the runner's seal with it"
    : "the container ended, and its runner had left no seal";
}

/** As the agent wrote them: stdout, then stderr. */
const inOrder = (one: Missing, other: Missing): number =>
  one.channel === other.channel ? one.from - other.from : one.channel === "stdout" ? -1 : 1;

/** A tail that the seal counts and nobody has is given up by the follower, unless it was stopped: then it may still be in the log. */
function unfilledTail(transcript: Transcript, seal: Seal | null, stopped: boolean): Missing[] {
  const last = transcript.stdout.lastLine;
  if (!seal?.stdout || transcript.mode === "raw" || last >= seal.stdout.lines) return [];
  const why = stopped ? "they had not been read when the run was let go" : "never arrived";
  return [{ channel: "stdout", from: last + 1, to: seal.stdout.lines, cause: "lost", why }];
}

function changedLines(transcript: Transcript, arrived: number): Missing[] {
  const gap = { channel: "stdout", cause: "lost", why: "arrived, but with other bytes than the agent wrote" } as const;
  const conflicts = transcript.conflicts.filter((place) => place.channel === "stdout");
  if (conflicts.length === 0) return [{ ...gap, from: Math.min(1, arrived), to: arrived }];
  return conflicts.map(({ line }) => ({ ...gap, from: line, to: line }));
}

function arrivedLines(transcript: Transcript): number {
  if (transcript.mode === "raw") return transcript.raw.rawLines;
  return transcript.stdout.lastLine - transcript.lostLines;
}
