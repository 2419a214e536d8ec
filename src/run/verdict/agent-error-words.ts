/** The words by which Claude Code and its API name causes (2.1.330). */
import type { AgentError } from "./agent-error.ts";

export const oneOf =
  (...words: readonly string[]) =>
  (word: string | null): boolean =>
    word !== null && words.includes(word);

export const isRefusal = oneOf("safety_monitor_blocked", "dlp_request_denied");
export const isFull = oneOf(
  "prompt_too_long",
  "blocking_limit",
  "rapid_refill_breaker",
  "message_over_context_limit",
  "autocompact_thrashing",
);
export const isDamaged = oneOf("tool_history_mismatch");
export const needsCredit = oneOf("model_requires_usage_credits", "long_context_credits_required");
export const isLoginError = oneOf(
  "authentication_failed",
  "oauth_org_not_allowed",
  "account_on_hold",
  "verification_required",
  "cloud_credential_error",
);
export const isLoginKind = oneOf(
  "stored_login_refused",
  "oauth_refresh_store_refused",
  "provider_credentials",
  "gateway_signin_required",
  "gateway_session_expired",
  "api_key_auth_disabled",
  "org_disabled_credential",
  "invalid_credential_header",
  "named_profile_unusable",
);
export const isPassingMessage = oneOf("rate_limit", "overloaded", "server_error");
export const isPassingType = oneOf("rate_limit_error", "overloaded_error", "api_error", "timeout_error");
export const isPassingKind = oneOf("no_response", "connection_failed", "stream_idle_timeout", "computer_slept");

/**
 * With an API key Claude Code has no field for a limit that is used up: its 429 is a throttle but for these words, by
 * which claude_local tells them apart too. A throttle is worth another try in seconds, a limit in an hour.
 */
export const LIMIT_REACHED =
  /\b(usage|session|weekly|5[- ]hour) (limit|cap) (reached|exceeded)\b|\bextra usage\b|ServiceQuotaExceededException/i;

export const isThrottled = ({ status, type, message }: AgentError): boolean =>
  status === 429 || type === "rate_limit_error" || message === "rate_limit";

export const isOverloaded = ({ status, type, message }: AgentError): boolean =>
  status === 529 || type === "overloaded_error" || message === "overloaded";
