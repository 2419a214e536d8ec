import type { AgentResult, TerminalResult } from "../../claude/claude-code.ts";
import { agentErrorOf, findingOf } from "./agent-error.ts";
import { AGENT_ERRORS } from "./agent-errors.ts";
import type { Cause } from "./cause.ts";
import { answeredNothing, claimsSuccess, endedAfterResult } from "./facts.ts";
import { FIXES } from "./fixes.ts";
import { claude, withEnding } from "./phrases.ts";

/** What the agent's own result event says went wrong: see the table in agent-errors.ts. */
export const agentError: Cause = (facts) => {
  const { agent } = facts;
  const { result } = agent;
  if (!result || wasInterrupted(agent) || (claimsSuccess(agent) && !answeredNothing(agent))) return null;
  const error = agentErrorOf(facts, result);
  const row = AGENT_ERRORS.find(({ when }) => when(error));
  if (!row) return null;
  const finding = findingOf(row, error);
  return { ...finding, because: [...finding.because, describeResult(result)] };
};

/** An agent that is told to stop may still print a result; what told it is the cause. */
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
    fix: FIXES.interrupted,
    because: [describeResult(result)],
  };
};

/** A success event that an exit code contradicts. Its cause, if the cluster names one, was looked for before. */
export const contradictedSuccess: Cause = (facts) => {
  const { agent, ending, container } = facts;
  if (!claimsSuccess(agent) || endedAfterResult(facts) || ending.words === null) return null;
  const end =
    ending.exitCode === 0
      ? `its container ended with exit code ${container?.exitCode}`
      : `it ended${withEnding(facts)}`;
  return {
    kind: "agent-error",
    code: "claude_error",
    sentence: `${claude(facts)} reported success, but ${end}.`,
    fix: FIXES.checkResult,
    because: [],
  };
};

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
  const known = fields.filter(([, value]) => value !== null).map(([name, value]) => `${name} ${value}`);
  return `Claude Code's result event: ${known.join(", ")}`;
}
