import type { Facts } from "./facts.ts";

/** Pieces of sentences that several causes share. */

/** `Claude Code (claude-sonnet-4-5)`. */
export function claude({ model }: Facts): string {
  return model === null ? "Claude Code" : `Claude Code (${model})`;
}

/** ` with exit code 137 (SIGKILL)`, or nothing. */
export function withEnding({ ending }: Facts): string {
  return ending.words === null ? "" : ` with ${ending.words}`;
}

/** What can be done about a run that was cut off through no fault of its own. */
export function runAgain({ neverRan, evidence: { run } }: Facts): string {
  if (neverRan) return "Run it again: nothing of it ran.";
  return run.sessionPersists
    ? "Run it again; the agent's session can be resumed."
    : "Run it again; it begins anew, its session went with the pod.";
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
