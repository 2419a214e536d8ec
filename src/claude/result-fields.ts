import type { PermissionDenial, RateLimit, TerminalResult } from "./agent-result.ts";
import { asAmount, asArray, asBoolean, asNumber, asObject, asText } from "./json.ts";
import type { ResultEvent } from "./protocol.ts";
import { readUsage } from "./usage.ts";

const MAX_NAME_CHARS = 256;
const MAX_ERRORS = 10;
const MAX_DENIALS = 20;
const MAX_MODELS = 10;
/** Fields of one model's usage; 2.1.330 has eight. */
const MAX_MODEL_FIELDS = 20;

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
    usage: readUsage(event.usage),
    totalCostUsd: asAmount(event.total_cost_usd),
    modelUsage: readModelUsage(event.modelUsage),
    permissionDenials: asArray(event.permission_denials).slice(0, MAX_DENIALS).flatMap(readDenial),
  };
}

/**
 * False for a success of no turns at all. A resumed session reports so, before its real work, on each background task that
 * an earlier process left behind: it says nothing about the run.
 */
export function isTerminal({ subtype, isError, numTurns }: TerminalResult): boolean {
  return !(subtype === "success" && isError === false && numTurns === 0);
}

/** Without the tool's input, which may be long and may hold anything. */
function readDenial(value: unknown): PermissionDenial[] {
  const denial = asObject(value);
  const tool = asText(denial?.tool_name, MAX_NAME_CHARS);
  return tool === null ? [] : [{ tool, toolUseId: asText(denial?.tool_use_id, MAX_NAME_CHARS) }];
}

function readModelUsage(value: unknown): TerminalResult["modelUsage"] {
  const models = asObject(value);
  if (!models) return null;
  const read = Object.entries(models)
    .slice(0, MAX_MODELS)
    .map(([model, fields]) => [model.slice(0, MAX_NAME_CHARS), numbersAndNames(asObject(fields) ?? {})] as const);
  return Object.fromEntries(read);
}

function numbersAndNames(fields: Readonly<Record<string, unknown>>): Record<string, number | string> {
  const kept = Object.entries(fields).flatMap(([key, value]) => {
    const plain = asAmount(value) ?? asText(value, MAX_NAME_CHARS);
    return plain === null ? [] : [[key.slice(0, MAX_NAME_CHARS), plain] as const];
  });
  return Object.fromEntries(kept.slice(0, MAX_MODEL_FIELDS));
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
