import type { TerminalResult } from "../../claude/claude-code.ts";
import type { Finding } from "./cause.ts";
import type { Facts } from "./facts.ts";
import { claude, quoting } from "./phrases.ts";

/** Errors between Claude Code and the model's API, told apart by the fields of the result event (2.1.330). */
export function apiFailure(facts: Facts, result: TerminalResult): Finding | null {
  const error = facts.agent.assistantError;
  const reply: Reply = { facts, result, error, kind: result.apiError ?? "", type: result.apiErrorType ?? "" };
  return (
    quota(reply) ??
    billing(reply) ??
    modelNotFound(reply) ??
    authentication(reply) ??
    empty(reply) ??
    transient(reply) ??
    otherApiError(reply)
  );
}

interface Reply {
  readonly facts: Facts;
  readonly result: TerminalResult;
  /** `error` of the last assistant event. */
  readonly error: string | null;
  readonly kind: string;
  readonly type: string;
}

/**
 * With an API key Claude Code has no field for a limit that is used up: its 429 is a throttle but for these words, by
 * which claude_local tells them apart too. A throttle is worth another try in seconds, a limit in an hour.
 */
const LIMIT_REACHED =
  /\b(usage|session|weekly|5[- ]hour) (limit|cap) (reached|exceeded)\b|\bextra usage\b|ServiceQuotaExceededException/i;

function quota({ facts, result, kind }: Reply): Finding | null {
  const { rateLimit } = facts.agent;
  const rejected = rateLimit?.status === "rejected" && result.apiErrorStatus === 429;
  if (kind !== "usage_limit_reached" && !rejected && !LIMIT_REACHED.test(apiWords(facts))) return null;
  const resets = isoOfSeconds(rateLimit?.resetsAt ?? null);
  const window = rateLimit?.type ? ` (${rateLimit.type})` : "";
  return {
    kind: "agent-error",
    code: "provider_quota",
    sentence: `The usage limit of the Claude account${window} is reached${resets ? `; it resets at ${resets}` : ""}.`,
    fix: resets
      ? "Wait for the reset, or use another account or an API key."
      : "Wait, or use another account or an API key.",
    because: rateLimit
      ? [`Claude Code's rate_limit_event: status ${rateLimit.status}, ${rateLimit.type}, resets ${resets ?? "unknown"}`]
      : [`Claude Code's own words${quoting(apiWords(facts))}`],
    errorFamily: "provider_quota",
    retryNotBefore: resets,
  };
}

const BILLING = new Set(["model_requires_usage_credits", "long_context_credits_required"]);

function billing({ facts, result, error, kind, type }: Reply): Finding | null {
  if (error !== "billing_error" && type !== "billing_error" && result.apiErrorStatus !== 402 && !BILLING.has(kind))
    return null;
  return {
    kind: "agent-error",
    code: "claude_billing_error",
    sentence: `The Claude account cannot pay for the request${quoting(apiWords(facts))}.`,
    fix: "Add credit to the account that the agent's key belongs to, or use another key.",
    because: assistantError(error),
  };
}

function modelNotFound({ facts, result, error, type }: Reply): Finding | null {
  if (error !== "model_not_found" && !(result.apiErrorStatus === 404 && type === "not_found_error")) return null;
  return {
    kind: "agent-error",
    code: "model_not_found",
    sentence: facts.model
      ? `The model ${facts.model} does not exist, or this account may not use it.`
      : "The model does not exist, or this account may not use it.",
    fix: "Choose another model in the agent's configuration.",
    because: assistantError(error),
  };
}

const LOGIN_ERRORS = new Set([
  "authentication_failed",
  "oauth_org_not_allowed",
  "account_on_hold",
  "verification_required",
  "cloud_credential_error",
]);
const LOGIN_KINDS = new Set([
  "stored_login_refused",
  "oauth_refresh_store_refused",
  "provider_credentials",
  "gateway_signin_required",
  "gateway_session_expired",
  "api_key_auth_disabled",
  "org_disabled_credential",
  "invalid_credential_header",
  "named_profile_unusable",
]);

function authentication({ facts, result, error, kind, type }: Reply): Finding | null {
  const forbidden = result.apiErrorStatus === 403 && kind !== "network_edge_blocked";
  const refused = result.apiErrorStatus === 401 || forbidden || type === "authentication_error";
  if (!refused && !LOGIN_ERRORS.has(error ?? "") && !LOGIN_KINDS.has(kind)) return null;
  const status = result.apiErrorStatus === null ? "" : ` (${result.apiErrorStatus})`;
  return {
    kind: "agent-error",
    code: "claude_auth_required",
    sentence: `${claude(facts)} is not allowed to use the API${status}${quoting(apiWords(facts))}.`,
    fix: "Give the agent a valid credential: ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN in its environment, or a login in its HOME.",
    because: assistantError(error),
  };
}

function empty({ facts, kind }: Reply): Finding | null {
  if (kind !== "empty_completion") return null;
  return {
    kind: "agent-error",
    code: "llm_api_error",
    sentence: `The model (${facts.model ?? "default"}) gave an empty response, also when asked again.`,
    fix: "Usually temporary: run it again.",
    because: [],
    errorFamily: "transient_upstream",
  };
}

const PASSING_ERRORS = new Set(["rate_limit", "overloaded", "server_error"]);
const PASSING_TYPES = new Set(["rate_limit_error", "overloaded_error", "api_error", "timeout_error"]);
const PASSING_KINDS = new Set(["no_response", "connection_failed", "stream_idle_timeout", "computer_slept"]);

function transient({ facts, result, error, kind, type }: Reply): Finding | null {
  const status = result.apiErrorStatus;
  const passing = status === 408 || status === 429 || (status !== null && status >= 500);
  if (!passing && !PASSING_ERRORS.has(error ?? "") && !PASSING_TYPES.has(type) && !PASSING_KINDS.has(kind)) return null;
  const limited = status === 429 || type === "rate_limit_error" || error === "rate_limit";
  const overloaded = status === 529 || type === "overloaded_error" || error === "overloaded";
  const what = limited ? "limits the rate of requests" : overloaded ? "is overloaded" : "failed";
  return {
    kind: "agent-error",
    code: "claude_transient_upstream",
    sentence: `The model's API ${what}${status === null ? "" : ` (${status})`}, and ${claude(facts)} gave up${quoting(apiWords(facts))}.`,
    fix: limited ? "Try again later, or run fewer agents on this key." : "Usually temporary: try again later.",
    because: assistantError(error),
    errorFamily: "transient_upstream",
  };
}

function otherApiError({ facts, result, error, kind }: Reply): Finding | null {
  if (result.terminalReason !== "api_error" && result.apiErrorStatus === null) return null;
  const status =
    result.apiErrorStatus === null
      ? ""
      : ` (${result.apiErrorStatus}${result.apiErrorType ? ` ${result.apiErrorType}` : ""})`;
  return {
    kind: "agent-error",
    code: "llm_api_error",
    sentence: `The model's API refused the request of ${claude(facts)}${status}${quoting(apiWords(facts))}.`,
    fix:
      kind === "claude_code_version_too_old"
        ? "Use an image with a newer Claude Code."
        : "Change what the message names.",
    because: assistantError(error),
  };
}

function assistantError(error: string | null): readonly string[] {
  return error === null ? [] : [`Error of the last assistant event: ${error}`];
}

/** Claude Code's own text on an API error: the result of such a run is no answer of the model. */
function apiWords({ agent }: Facts): string {
  return agent.result?.terminalReason === "api_error" ? agent.summary : "";
}

function isoOfSeconds(seconds: number | null): string | null {
  if (seconds === null) return null;
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
