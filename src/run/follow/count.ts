/** Counts what became of a transcript. */
import type { LabelsOf } from "../../telemetry/instruments.ts";
import type { Meter } from "../../telemetry/telemetry.ts";
import type { FollowEvent } from "./assemble/events.ts";
import { countOf } from "./assemble/missing.ts";
import type { FollowReport } from "./follow-transcript.ts";

export interface TranscriptCounter {
  event(event: FollowEvent): void;
  /** To be called once, when no more will come. */
  report(report: FollowReport): void;
}

export function countTranscript(meter: Pick<Meter, "add">): TranscriptCounter {
  let full = false;
  const gap = (outcome: LabelsOf<"claude_k8s.transcript.gaps">["outcome"]): void =>
    meter.add("claude_k8s.transcript.gaps", 1, { outcome });
  return {
    event: (event) => {
      if (event.type === "reconnect" && !event.early) meter.add("claude_k8s.transcript.reconnects", 1, {});
      else if (event.type === "refilled") gap("refilled");
      else if (event.type === "missing" && event.missing.cause === "lost") gap("lost");
      else if (event.type === "full" && !full) {
        full = true;
        meter.add("claude_k8s.run.limits", 1, { limit: "transcript_bytes" });
      }
    },
    report: ({ transcript, bytes, repeated }) => {
      meter.add("claude_k8s.transcripts", 1, { state: transcript.state });
      meter.add("claude_k8s.transcript.lines", transcript.lines, {});
      meter.add("claude_k8s.transcript.size", bytes, {});
      meter.add("claude_k8s.transcript.repeated_lines", repeated, {});
      for (const missing of transcript.state === "missing" ? transcript.gaps : [])
        meter.add("claude_k8s.transcript.lost_lines", countOf(missing), { cause: missing.cause });
    },
  };
}
