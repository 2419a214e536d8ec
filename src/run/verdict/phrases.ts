import { agentCli } from "../shared/agent-cli.ts";
import type { Facts } from "./facts.ts";

/** Pieces of sentences that several causes share. */

/** `Claude Code (claude-sonnet-4-5)`. */
export function claude({ model }: Facts): string {
  return model === null ? agentCli.name : `${agentCli.name} (${model})`;
}

/** ` with exit code 137 (SIGKILL)`, or nothing. */
export function withEnding({ ending }: Facts): string {
  return ending.words === null ? "" : ` with ${ending.words}`;
}

/** What can be done about a run that was cut off through no fault of its own. */
export function runAgain({ neverRan, evidence: { run } }: Facts): string {
  if (neverRan) return "Run it again: its agent had not started.";
  return run.sessionPersists
    ? "Run it again: the agent resumes its session."
    : "Run it again: the agent starts over, for its session went with the pod (a volume keeps it: homeClaim).";
}

/** `30 minutes`, `90 s`. */
export function duration(sec: number): string {
  if (sec < 120) return `${Math.round(sec)} s`;
  const minutes = Math.round(sec / 60);
  return minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`;
}

/** `: text`, or nothing; one full stop at most follows in the sentence. */
export function quoting(text: string | null | undefined): string {
  const trimmed = (text ?? "").trim().replace(/[.:\s]+$/, "");
  return trimmed === "" ? "" : `: ${trimmed}`;
}

/** `reason: message`, whichever of them there is. */
export function reasonAndMessage(reason: string, message: string): string {
  return [reason, message].filter((part) => part !== "").join(": ");
}

export function timeOf(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? "an unknown time" : date.toISOString();
}

/** When a condition became true, by the cluster's clock. */
export const since = ({ at }: { readonly at: string | null }): string => (at === null ? "" : `, ${at}`);
