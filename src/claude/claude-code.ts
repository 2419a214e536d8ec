/** Claude Code as the life of a run sees it: `AgentCli` in `run/shared/agent-cli.ts`. Nobody outside imports another file of this folder. */
import type { Seal } from "../runner/seal.ts";
import { type AgentResult, mergeResults, NO_RESULT } from "./agent-result.ts";
import { claudeCommand } from "./arguments.ts";
import { createResultReader } from "./result-reader.ts";
import { fromSeal } from "./sealed-result.ts";
import { unusableSession } from "./unusable-session.ts";

export type {
  AgentCost,
  AgentResult,
  AgentUsage,
  TerminalResult,
} from "./agent-result.ts";
export type { ClaudeInvocation, Word } from "./arguments.ts";
export type { ResultReader } from "./result-reader.ts";
export type { UnusableSession } from "./unusable-session.ts";

export const claudeCode = {
  name: "Claude Code",
  commandLine: claudeCommand,
  readOutput: createResultReader,
  resultOf,
  unusableSession,
};

/** The transcript wins, the seal fills in what it does not know. */
function resultOf(transcript: AgentResult | null, seal: Pick<Seal, "agent" | "freshSession"> | null): AgentResult {
  const sealed = fromSeal(seal?.agent);
  const read = transcript ?? NO_RESULT;
  // The session was replaced, and the transcript that arrived ends before the new one: what it says is of the old.
  const ofTheOld = seal?.freshSession !== undefined && read.sessionId !== sealed.sessionId;
  if (!ofTheOld) return mergeResults(read, sealed);
  return { ...sealed, init: sealed.init ?? false, usage: sealed.usage ?? read.usage, cost: sealed.cost ?? read.cost };
}
