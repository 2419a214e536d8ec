import type { Conversation } from "./conversation.ts";
import { say, type Turn, text } from "./turn.ts";

/**
 * What the model says: either one turn for each step of the agent's conversation (the last one repeats), or a function
 * that decides from the conversation. Subagents ("helper") and side questions go to the script only when it is a
 * function that returns something for them; otherwise they get a plain answer.
 */
export type Script = readonly [Turn, ...Turn[]] | ((conversation: Conversation) => Turn | undefined);

export function chooseTurn(script: Script, conversation: Conversation): Exclude<Turn, { kind: "attempts" }> {
  const turn = scripted(script, conversation) ?? say([text("Done.")]);
  return atAttempt(turn, conversation.attempt);
}

function scripted(script: Script, conversation: Conversation): Turn | undefined {
  if (typeof script === "function") return script(conversation);
  if (conversation.role !== "main") return undefined;
  return script[Math.min(conversation.step, script.length - 1)];
}

function atAttempt(turn: Turn, attempt: number): Exclude<Turn, { kind: "attempts" }> {
  if (turn.kind !== "attempts") return turn;
  return atAttempt(turn.turns[Math.min(attempt, turn.turns.length - 1)] ?? turn.turns[0], 0);
}
