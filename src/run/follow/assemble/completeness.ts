import type { Seal } from "../../../runner/seal.ts";
import type { Missing } from "./missing.ts";
import type { Transcript } from "./transcript.ts";

/** What can be said of the transcript when no more will come. `lines` are those of the agent's stdout that were delivered. */
export type Completeness =
  /** Every line arrived once, in order: count, bytes and SHA-256 are those that the runner sealed. */
  | { readonly state: "complete"; readonly lines: number; readonly bytes: number; readonly sha256: string }
  /** Lines are known to be missing or not as the agent wrote them. */
  | { readonly state: "missing"; readonly lines: number; readonly gaps: readonly Missing[] }
  /** No gap was seen, but nothing excludes one. */
  | { readonly state: "unproven"; readonly lines: number; readonly why: string };

/** True when every line that the seal counts has arrived; says nothing of its bytes. */
export function allArrived(transcript: Transcript, seal: Seal | null): boolean {
  if (transcript.mode === "raw" || !seal?.stdout) return false;
  return lastLine(transcript, "stdout") >= seal.stdout.lines && lastLine(transcript, "stderr") >= sealedStderr(seal);
}

/** Lines of stderr that the runner wrote to the log; what passed its bound is not in the log, and not a gap. */
export function sealedStderr(seal: Seal): number {
  return seal.stderr && seal.stderr.dropped === 0 ? seal.stderr.lines : 0;
}

export function completeness(transcript: Transcript, seal: Seal | null, stopped: boolean): Completeness {
  const lines = deliveredLines(transcript);
  const gaps = [...transcript.missing, ...unfilledTail(transcript, seal)];
  if (gaps.length > 0) return { state: "missing", lines, gaps };
  if (!seal?.stdout || transcript.mode === "raw") return unproven(transcript, seal, stopped, lines);
  if (stopped && !allArrived(transcript, seal)) return unproven(transcript, seal, stopped, lines);
  const { bytes, sha256 } = transcript.digest.result(seal.stdout.newline);
  const arrived = lastLine(transcript, "stdout");
  if (arrived === seal.stdout.lines && bytes === seal.stdout.bytes && sha256 === seal.stdout.sha256) {
    return { state: "complete", lines, bytes, sha256 };
  }
  return { state: "missing", lines, gaps: changedLines(transcript, arrived) };
}

function unproven(transcript: Transcript, seal: Seal | null, stopped: boolean, lines: number): Completeness {
  return { state: "unproven", lines, why: whyUnproven(transcript, seal, stopped) };
}

const NO_NUMBERS = "the log has no line numbers (the image has no Node)";

function whyUnproven({ mode, raw }: Transcript, seal: Seal | null, stopped: boolean): string {
  if (stopped) return "the follower was stopped before the container's end";
  if (raw.suspicions > 0) return `lines may be missing in ${raw.suspicions} place(s): ${NO_NUMBERS}`;
  if (mode === "raw") return NO_NUMBERS;
  // sh seals such an end also where the image has Node: it is told to stop before Node listens.
  if (seal?.runner === "sh" && seal.exitCode === null && seal.signal === null && !seal.partial)
    return "the agent was not started, and the runner counted no lines";
  if (seal?.runner === "sh") return NO_NUMBERS;
  return "the runner left no seal (it was killed, or the pod's end was not seen)";
}

/** A tail that the seal counts and nobody has is given up by the follower; this only guards the report. */
function unfilledTail(transcript: Transcript, seal: Seal | null): Missing[] {
  const last = lastLine(transcript, "stdout");
  if (!seal?.stdout || transcript.mode === "raw" || last >= seal.stdout.lines) return [];
  return [{ channel: "stdout", from: last + 1, to: seal.stdout.lines, why: "never arrived" }];
}

function changedLines(transcript: Transcript, arrived: number): Missing[] {
  const why = "arrived, but with other bytes than the agent wrote";
  const conflicts = transcript.conflicts.filter((place) => place.channel === "stdout");
  if (conflicts.length === 0) return [{ channel: "stdout", from: Math.min(1, arrived), to: arrived, why }];
  return conflicts.map(({ line }) => ({ channel: "stdout", from: line, to: line, why }));
}

function deliveredLines(transcript: Transcript): number {
  const lost = transcript.missing.filter((gap) => gap.channel === "stdout");
  const missing = lost.reduce((sum, gap) => sum + gap.to - gap.from + 1, 0);
  return transcript.mode === "raw" ? transcript.raw.rawLines : lastLine(transcript, "stdout") - missing;
}

function lastLine(transcript: Transcript, channel: "stdout" | "stderr"): number {
  return transcript.cursor(channel).line - 1;
}
