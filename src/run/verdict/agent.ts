import type { AgentResult, TerminalResult } from "../../claude/claude-code.ts";
import { apiFailure } from "./api-failure.ts";
import type { Cause, Finding } from "./cause.ts";
import { answeredNothing, claimsSuccess, type Facts } from "./facts.ts";
import { claude, quoting, withEnding } from "./phrases.ts";

/**
 * What the agent's own result event says went wrong. It reads structured fields only: the text of an answer may speak
 * of logins, limits or turns and changes nothing.
 */
export const agentError: Cause = (facts) => {
  const { agent } = facts;
  const { result } = agent;
  if (!result || wasInterrupted(agent) || (claimsSuccess(agent) && !answeredNothing(agent))) return null;
  const finding =
    unknownSession(facts, result) ??
    maxTurns(facts, result) ??
    refusal(facts, result) ??
    contextFull(facts, result) ??
    apiFailure(facts, result) ??
    emptyAnswer(facts) ??
    otherError(facts, result);
  return { ...finding, because: [describeResult(result), ...finding.because] };
};

/** An agent that was told to stop may still print a result; what told it is the cause. */
export function wasInterrupted({ result }: AgentResult): boolean {
  return result?.terminalReason?.startsWith("aborted_") ?? false;
}

/** The cause of last resort for an interrupted agent: nothing shows who interrupted it. */
export const interrupted: Cause = (facts) => {
  const { result } = facts.agent;
  if (!result || !wasInterrupted(facts.agent)) return null;
  return {
    kind: "agent-error",
    code: "claude_error",
    sentence: `${claude(facts)} was interrupted (${result.terminalReason}) and ended${withEnding(facts)}; nothing shows by whom.`,
    fix: "Run it again; if it recurs, look for what sends a signal to the agent's process.",
    because: [describeResult(result)],
  };
};

/** A success event that an exit code contradicts. Its cause, if the cluster names one, was looked for before. */
export const contradictedSuccess: Cause = (facts) => {
  const { agent, ending, container } = facts;
  if (!claimsSuccess(agent) || ending.words === null) return null;
  const end =
    ending.exitCode === 0
      ? `its container ended with exit code ${container?.exitCode}`
      : `it ended${withEnding(facts)}`;
  return {
    kind: "agent-error",
    code: "claude_error",
    sentence: `${claude(facts)} reported success, but ${end}.`,
    fix: "Check the result before you rely on it; the transcript shows what was done.",
    because: [],
  };
};

function unknownSession(facts: Facts, result: TerminalResult): Finding | null {
  // Before there is a session Claude Code has no structured field for it: `errors` is its own list, no answer.
  const started = facts.agent.init === true || (result.numTurns ?? 0) > 0;
  if (started || result.subtype !== "error_during_execution") return null;
  const error = result.errors.find((text) =>
    /^No conversation found with session|--resume requires a valid session/.test(text),
  );
  if (error === undefined) return null;
  const asked = facts.evidence.run.resumedSessionId;
  return {
    kind: "agent-error",
    code: "session_unavailable",
    sentence: `${claude(facts)} could not resume the session${asked ? ` ${asked}` : ""}: it does not exist where the agent ran.`,
    fix: "The next run starts a fresh session. If sessions are lost again and again, check that the agent's HOME lies on a volume that outlives the pod.",
    because: [`Claude Code: ${error}`],
    clearSession: true,
    noSession: true,
  };
}

function maxTurns(facts: Facts, result: TerminalResult): Finding | null {
  if (result.subtype !== "error_max_turns" && result.terminalReason !== "max_turns") return null;
  const turns = result.numTurns === null ? "" : ` after ${result.numTurns} turns`;
  return {
    kind: "agent-error",
    code: "max_turns_exhausted",
    sentence: `${claude(facts)} reached its limit of turns${turns}${quoting(result.errors[0])}.`,
    fix: "Raise maxTurnsPerRun, or give the agent a smaller task.",
    because: [],
    clearSession: true,
  };
}

const REFUSALS = new Set(["safety_monitor_blocked", "dlp_request_denied"]);

function refusal(facts: Facts, result: TerminalResult): Finding | null {
  if (result.stopReason !== "refusal" && !REFUSALS.has(result.apiError ?? "")) return null;
  return {
    kind: "agent-error",
    code: "claude_refusal",
    sentence: `${claude(facts)} refused the task.`,
    fix: "Change the task or its context; the same prompt will be refused again.",
    because: [],
    errorFamily: "model_refusal",
  };
}

const FULL_REASONS = new Set(["prompt_too_long", "blocking_limit", "rapid_refill_breaker"]);
const FULL_ERRORS = new Set(["message_over_context_limit", "autocompact_thrashing", "tool_history_mismatch"]);

function contextFull(facts: Facts, result: TerminalResult): Finding | null {
  const cause = FULL_ERRORS.has(result.apiError ?? "") ? result.apiError : result.terminalReason;
  if (cause === null || !(FULL_ERRORS.has(cause) || FULL_REASONS.has(cause))) return null;
  const what =
    cause === "tool_history_mismatch"
      ? "The session's history is damaged"
      : "The session no longer fits the model's context";
  return {
    kind: "agent-error",
    code: "llm_api_error",
    sentence: `${what} (${cause}), so ${claude(facts)} could not go on.`,
    fix: "The next run starts a fresh session.",
    because: [],
    clearSession: true,
  };
}

function emptyAnswer(facts: Facts): Finding | null {
  return facts.agent.progress === "empty" ? emptyResponse(facts) : null;
}

export function emptyResponse(facts: Facts): Finding {
  return {
    kind: "agent-error",
    code: "llm_api_error",
    sentence: `The model gave an empty response, and ${claude(facts)} ended${withEnding(facts)}.`,
    fix: "Usually temporary: run it again. If it recurs, check the model's name and the API's status.",
    because: ["The newest message of the model has no content and no output tokens."],
    errorFamily: "transient_upstream",
  };
}

/** An error may come under these words all the same. */
const NO_EXPLANATION = new Set(["success", "completed"]);

function otherError(facts: Facts, result: TerminalResult): Finding {
  const budget = result.subtype === "error_max_budget_usd" || result.terminalReason === "budget_exhausted";
  const words = [result.errors[0], result.terminalReason, result.subtype];
  const detail = words.find((word) => word && !NO_EXPLANATION.has(word));
  return {
    kind: "agent-error",
    code: "claude_error",
    sentence: budget
      ? `${claude(facts)} spent the budget it was given${quoting(result.errors[0])}.`
      : `${claude(facts)} ended${withEnding(facts)} and reported an error${quoting(detail)}.`,
    fix: budget
      ? "Raise the budget (--max-budget-usd), or give the agent a smaller task."
      : "Read the end of the transcript.",
    because: [],
  };
}

export function describeResult(result: TerminalResult): string {
  const fields: readonly (readonly [string, string | number | boolean | null])[] = [
    ["subtype", result.subtype],
    ["is_error", result.isError],
    ["terminal_reason", result.terminalReason],
    ["stop_reason", result.stopReason],
    ["api_error_status", result.apiErrorStatus],
    ["api_error_type", result.apiErrorType],
    ["api_error", result.apiError],
    ["num_turns", result.numTurns],
  ];
  const said = fields.filter(([, value]) => value !== null).map(([name, value]) => `${name} ${value}`);
  return `Claude Code's result event: ${said.join(", ")}`;
}
