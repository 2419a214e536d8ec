import type { RateLimit, TerminalResult } from "./agent-result.ts";
import { asAmount, asArray, asBoolean, asNumber, asObject, asText } from "./json.ts";
import type { ResultEvent } from "./protocol.ts";

const MAX_NAME_CHARS = 256;
const MAX_ERRORS = 10;

/** The structured fields of a `result` event, or of the seal's copy of it. */
export function readTerminal(event: Omit<ResultEvent, "type">): TerminalResult {
  return {
    subtype: asText(event.subtype, MAX_NAME_CHARS),
    isError: asBoolean(event.is_error),
    terminalReason: asText(event.terminal_reason, MAX_NAME_CHARS),
    stopReason: asText(event.stop_reason, MAX_NAME_CHARS),
    apiErrorStatus: asNumber(event.api_error_status),
    apiErrorType: asText(event.api_error_type, MAX_NAME_CHARS),
    apiError: asText(event.api_error, MAX_NAME_CHARS),
    errors: asArray(event.errors)
      .slice(0, MAX_ERRORS)
      .flatMap((error) => asText(error) ?? []),
    numTurns: asAmount(event.num_turns),
    durationMs: asAmount(event.duration_ms),
    permissionDenials: asArray(event.permission_denials).length,
  };
}

/** `rate_limit_info` of a `rate_limit_event`. */
export function readRateLimit(value: unknown): RateLimit | null {
  const info = asObject(value);
  if (!info) return null;
  return {
    status: asText(info.status, MAX_NAME_CHARS),
    resetsAt: asAmount(info.resetsAt),
    type: asText(info.rateLimitType, MAX_NAME_CHARS),
  };
}
