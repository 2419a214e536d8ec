/**
 * What Claude Code's own result event says went wrong (2.1.330): one row a cause, the first that matches counts. The rows
 * read structured fields only, and Claude Code's words where it has no field: the text of an answer may speak of logins,
 * limits or turns and changes nothing.
 */
import type { TerminalResult } from "../../claude/claude-code.ts";
import type { AgentError, AgentErrorRow } from "./agent-error.ts";
import {
  isDamaged,
  isFull,
  isLoginError,
  isLoginKind,
  isOverloaded,
  isPassingKind,
  isPassingMessage,
  isPassingType,
  isRefusal,
  isThrottled,
  LIMIT_REACHED,
  needsCredit,
  oneOf,
} from "./agent-error-words.ts";
import type { Finding } from "./cause.ts";
import type { Facts } from "./facts.ts";
import { FIXES } from "./fixes.ts";
import { claude, quoting, withEnding } from "./phrases.ts";

const TRANSIENT: Partial<Finding> = { errorFamily: "transient_upstream" };

/** A fresh session can work where this one cannot; not again where the runner has tried that already. */
const freshNext = ({ facts }: AgentError): Partial<Finding> => ({
  clearSession: true,
  ...(facts.evidence.seal?.freshSession ? {} : TRANSIENT),
});

export const AGENT_ERRORS: readonly AgentErrorRow[] = [
  {
    code: "session_unavailable",
    when: ({ unusable }) => unusable?.kind === "missing",
    sentence: ({ facts }) =>
      `${claude(facts)} cannot resume its session${asked(facts)}: it does not exist where the agent runs.`,
    fix: FIXES.sessionMissing,
    because: ({ unusable }) => [`Claude Code: ${unusable?.said}`],
    more: (error) => ({ ...freshNext(error), noSession: true }),
  },
  {
    code: "claude_poisoned_previous_message_id",
    when: ({ unusable }) => unusable?.kind === "poisoned",
    sentence: ({ facts }) =>
      `The model's API refuses the saved session of ${claude(facts)}: it names a message that the API does not know.`,
    fix: FIXES.freshSession,
    because: ({ unusable }) => [`Claude Code: ${unusable?.said}`],
    more: freshNext,
  },
  {
    code: "claude_unprocessable_image",
    when: ({ unusable }) => unusable?.kind === "image",
    sentence: ({ facts }) => `The model's API cannot read an image in the session of ${claude(facts)}.`,
    fix: FIXES.image,
    because: ({ unusable }) => [`Claude Code: ${unusable?.said}`],
    more: freshNext,
  },
  {
    code: "max_turns_exhausted",
    when: ({ result }) => result.subtype === "error_max_turns" || result.terminalReason === "max_turns",
    sentence: ({ facts, result }) => {
      const turns = result.numTurns === null ? "" : ` after ${result.numTurns} turns`;
      return `${claude(facts)} reached its limit of turns${turns}${quoting(result.errors[0])}.`;
    },
    fix: FIXES.maxTurns,
    more: () => ({ clearSession: true }),
  },
  {
    code: "claude_refusal",
    when: ({ result, kind }) => result.stopReason === "refusal" || isRefusal(kind),
    sentence: ({ facts }) => `${claude(facts)} refused the task.`,
    fix: FIXES.refusal,
    more: () => ({ errorFamily: "model_refusal" }),
  },
  {
    code: "llm_api_error",
    when: ({ result, kind }) => isFull(kind) || isFull(result.terminalReason),
    sentence: ({ facts, result, kind }) =>
      `The session no longer fits the model's context (${isFull(kind) ? kind : result.terminalReason}), so ${claude(facts)} could not go on.`,
    fix: FIXES.freshSession,
    more: () => ({ clearSession: true }),
  },
  {
    code: "llm_api_error",
    when: ({ kind }) => isDamaged(kind),
    sentence: ({ facts, kind }) => `The session's history is damaged (${kind}), so ${claude(facts)} could not go on.`,
    fix: FIXES.freshSession,
    more: () => ({ clearSession: true }),
  },
  {
    code: "provider_quota",
    when: ({ facts, kind, status }) =>
      kind === "usage_limit_reached" ||
      (facts.agent.rateLimit?.status === "rejected" && status === 429) ||
      LIMIT_REACHED.test(apiWords(facts)),
    sentence: ({ facts }) => {
      const resets = resetOf(facts);
      const window = facts.agent.rateLimit?.type ? ` (${facts.agent.rateLimit.type})` : "";
      return `The usage limit of the Claude account${window} is reached${resets ? `; it resets at ${resets}` : ""}.`;
    },
    fix: ({ facts }) => (resetOf(facts) ? FIXES.quotaUntilReset : FIXES.quota),
    because: ({ facts }) => {
      const { rateLimit } = facts.agent;
      if (!rateLimit) return [`Claude Code${quoting(apiWords(facts))}`];
      return [
        `Claude Code's rate_limit_event: status ${rateLimit.status}, ${rateLimit.type}, resets ${resetOf(facts) ?? "unknown"}`,
      ];
    },
    more: ({ facts }) => ({ errorFamily: "provider_quota", retryNotBefore: resetOf(facts) }),
  },
  {
    code: "claude_billing_error",
    when: ({ message, type, status, kind }) =>
      message === "billing_error" || type === "billing_error" || status === 402 || needsCredit(kind),
    sentence: ({ facts }) => `The Claude account cannot pay for the request${quoting(apiWords(facts))}.`,
    fix: FIXES.billing,
  },
  {
    code: "model_not_found",
    when: ({ message, status, type }) =>
      message === "model_not_found" || (status === 404 && type === "not_found_error"),
    sentence: ({ facts: { model } }) =>
      `The model${model ? ` ${model}` : ""} does not exist, or this account may not use it.`,
    fix: FIXES.model,
  },
  {
    code: "claude_auth_required",
    when: ({ status, kind, type, message }) =>
      status === 401 ||
      (status === 403 && kind !== "network_edge_blocked") ||
      type === "authentication_error" ||
      isLoginError(message) ||
      isLoginKind(kind),
    sentence: ({ facts, status }) =>
      `${claude(facts)} is not allowed to use the API${status === null ? "" : ` (${status})`}${quoting(apiWords(facts))}.`,
    fix: FIXES.login,
  },
  {
    code: "llm_api_error",
    when: ({ kind }) => kind === "empty_completion",
    sentence: ({ facts }) =>
      `The model${facts.model ? ` ${facts.model}` : ""} gave an empty response, also when it was asked again.`,
    fix: FIXES.emptyResponse,
    more: () => TRANSIENT,
  },
  {
    code: "claude_transient_upstream",
    when: ({ status, message, type, kind }) =>
      status === 408 ||
      status === 429 ||
      (status !== null && status >= 500) ||
      isPassingMessage(message) ||
      isPassingType(type) ||
      isPassingKind(kind),
    sentence: (error) => {
      const what = isThrottled(error)
        ? "limits the rate of requests"
        : isOverloaded(error)
          ? "is overloaded"
          : "failed";
      const { facts, status } = error;
      return `The model's API ${what}${status === null ? "" : ` (${status})`}, and ${claude(facts)} gave up${quoting(apiWords(facts))}.`;
    },
    fix: (error) => (isThrottled(error) ? FIXES.throttled : FIXES.apiFailed),
    more: () => TRANSIENT,
  },
  {
    code: "llm_api_error",
    when: ({ result, status }) => result.terminalReason === "api_error" || status !== null,
    sentence: ({ facts, status, type }) => {
      const answer = status === null ? "" : ` (${status}${type ? ` ${type}` : ""})`;
      return `The model's API refused the request of ${claude(facts)}${answer}${quoting(apiWords(facts))}.`;
    },
    fix: ({ kind }) => (kind === "claude_code_version_too_old" ? FIXES.oldClaude : FIXES.apiRefused),
  },
  {
    code: "llm_api_error",
    when: ({ facts }) => facts.agent.progress === "empty",
    sentence: ({ facts }) => `The model gave an empty response, and ${claude(facts)} ended${withEnding(facts)}.`,
    fix: FIXES.emptyResponse,
    because: () => ["The newest message of the model has no content and no output tokens."],
    more: () => TRANSIENT,
  },
  {
    code: "claude_error",
    when: ({ result }) => result.subtype === "error_max_budget_usd" || result.terminalReason === "budget_exhausted",
    sentence: ({ facts, result }) => `${claude(facts)} spent the budget it was given${quoting(result.errors[0])}.`,
    fix: FIXES.budget,
  },
  {
    code: "claude_error",
    when: () => true,
    sentence: ({ facts, result }) =>
      `${claude(facts)} ended${withEnding(facts)} and reported an error${quoting(detailOf(result))}.`,
    fix: FIXES.readTranscript,
  },
];

const asked = ({ evidence: { run } }: Facts): string => (run.resumedSessionId ? ` ${run.resumedSessionId}` : "");

/** Claude Code's own text on an API error: the result of such a run is no answer of the model. */
const apiWords = ({ agent }: Facts): string => (agent.result?.terminalReason === "api_error" ? agent.summary : "");

/** An error may come under these words all the same. */
const explainsNothing = oneOf("success", "completed");

const detailOf = (result: TerminalResult): string | undefined =>
  [result.errors[0], result.terminalReason, result.subtype].find((word) => word && !explainsNothing(word)) ?? undefined;

function resetOf({ agent: { rateLimit } }: Facts): string | null {
  if (!rateLimit || rateLimit.resetsAt === null) return null;
  const date = new Date(rateLimit.resetsAt * 1000);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
