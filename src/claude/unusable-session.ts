/**
 * A session that can never be resumed again: whoever tries gets the same error. Claude Code (2.1.330) and the API have no
 * structured field for any of these, so words decide; but only Claude Code's own and the API's, never an answer's.
 */
import type { AgentResult, TerminalResult } from "./agent-result.ts";

export interface UnusableSession {
  /**
   * `missing`: there is no such session where the agent runs. `poisoned`: its transcript names a message that the API does
   * not know. `image`: it holds an image that the API cannot read.
   */
  readonly kind: "missing" | "poisoned" | "image";
  /** The words that say so. */
  readonly said: string;
}

/** Of `--resume` with an id that has no file, with one that is no id, and with a title that no session has. */
const MISSING =
  /^No conversation found with session|--resume requires a valid session|does not match any session title|is not a (valid )?UUID|unknown session|session \S+ (was )?not found/i;
const POISONED = /diagnostics\.previous_message_id.*starts with `?msg_/i;
const IMAGE = /could not process image/i;

/** Null when the result names no such error. */
export function unusableSession(agent: AgentResult): UnusableSession | null {
  const { result } = agent;
  if (!result || result.isError === false) return null;
  return missing(agent, result) ?? rejected(agent, result);
}

/** Told before there is a session; `errors` is Claude Code's own list. */
function missing({ init }: AgentResult, { subtype, numTurns, errors }: TerminalResult): UnusableSession | null {
  if (init === true || (numTurns ?? 0) > 0 || subtype !== "error_during_execution") return null;
  const said = errors.find((text) => MISSING.test(text));
  return said === undefined ? null : { kind: "missing", said };
}

/** An invalid request: the text of such a result is Claude Code's word on the API's error, no answer of the model. */
function rejected(agent: AgentResult, result: TerminalResult): UnusableSession | null {
  const { apiErrorStatus, terminalReason, errors } = result;
  const refused = apiErrorStatus === 400 || (apiErrorStatus === null && terminalReason === "api_error");
  const words = [...errors, ...(refused ? [agent.summary] : [])];
  const poisoned = words.find((text) => POISONED.test(text));
  if (poisoned !== undefined) return { kind: "poisoned", said: poisoned };
  const image = words.find((text) => IMAGE.test(text));
  return image === undefined ? null : { kind: "image", said: image };
}
