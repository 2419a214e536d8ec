/** Whether every line that the agent printed arrived, in words. Pure. */
import { count } from "../../format/numbers.ts";

/** As evidence has it, or a run's `resultJson`. */
export interface TranscriptFacts {
  readonly lines: number;
  readonly complete: boolean;
  /** Ranges of line numbers, both ends included; `to` null: to the end. */
  readonly missing?: readonly { readonly from: number; readonly to: number | null }[];
  readonly unproven?: string | undefined;
}

/** A sentence without its full stop. */
export function completeness({ complete, lines, missing = [], unproven }: TranscriptFacts): string {
  if (complete) return `${count(lines)} printed, all arrived: count and SHA-256 agree with the runner's seal`;
  const gaps = missing.map(({ from, to }) => `${from}–${to ?? "the end"}`).join(", ");
  if (gaps !== "") return `${count(lines)} arrived; missing are ${gaps}`;
  return `${count(lines)} arrived, completeness not proven${unproven ? `: ${unproven}` : ""}`;
}

type Report =
  | { readonly state: "complete"; readonly lines: number }
  | { readonly state: "missing"; readonly lines: number; readonly gaps: TranscriptFacts["missing"] }
  | { readonly state: "unproven"; readonly lines: number; readonly why: string };

/** The same of the follower's own report. */
export function inWords(report: Report): string {
  const { lines, state } = report;
  const gaps = state === "missing" ? { missing: report.gaps ?? [] } : {};
  const doubt = state === "unproven" ? { unproven: report.why } : {};
  return `Lines: ${completeness({ lines, complete: state === "complete", ...gaps, ...doubt })}`;
}
