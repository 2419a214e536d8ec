import type { SealedAgent } from "./seal.ts";

/** What Claude Code (2.1.330 and before) prints of a session that it does not find, before there is a result event's field for it. */
const NOT_FOUND =
  /No conversation found with session|--resume requires a valid session|does not match any session title/i;

/** What the API answers, on the first request, to a history that it does not take. */
const NOT_TAKEN = /previous_message_id|could not process image/i;

/** The result event's own fields for such a history. */
const DAMAGED = new Set(["tool_history_mismatch", "image_error"]);

/**
 * Why the session that this process was to resume cannot be used, in Claude Code's words; null when nothing says so, or
 * when anything was done in it. `stderr`: its end, for a Claude Code that fails before it prints an event.
 */
export function sessionUnusable(agent: SealedAgent, stderr: string): string | null {
  const { result } = agent;
  if (agent.content) return null;
  if (!result) return lineWith(NOT_FOUND, stderr);
  // An error of the API counts as one turn, in which the model said nothing (measured).
  if (result.is_error !== true || (result.num_turns ?? 0) > 1) return null;
  const field = [result.api_error, result.terminal_reason].find((word) => word !== undefined && DAMAGED.has(word));
  const texts = [...(result.errors ?? []), result.text ?? ""];
  const notFound = (result.num_turns ?? 0) === 0 ? texts.find((text) => NOT_FOUND.test(text)) : undefined;
  const notTaken = isRefused(result) ? texts.find((text) => NOT_TAKEN.test(text)) : undefined;
  return notFound ?? notTaken ?? field ?? null;
}

/** By the fields where there are any: an answer that only speaks of such an error is none. */
const isRefused = ({ api_error_status, text = "" }: NonNullable<SealedAgent["result"]>): boolean =>
  api_error_status === 400 || (api_error_status === undefined && /^API Error: 400\b/.test(text));

const lineWith = (pattern: RegExp, text: string): string | null =>
  text.split("\n").find((line) => pattern.test(line)) ?? null;
