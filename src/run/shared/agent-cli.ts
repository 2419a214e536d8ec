/**
 * What a run needs of the agent's command line program, and all that it knows of it: the place where another one could
 * stand. See docs/decisions/0012-one-seam-for-the-cli.md.
 */
import {
  type AgentResult,
  type ClaudeInvocation,
  claudeCode,
  type ResultReader,
  type UnusableSession,
  type Word,
} from "../../claude/claude-code.ts";
import type { Seal } from "../../runner/seal.ts";

export interface AgentCli {
  /** As a sentence calls it. */
  readonly name: string;
  /** The program and its arguments; the prompt comes on stdin. */
  commandLine(invocation: ClaudeInvocation): [Word, ...Word[]];
  /** Reads the program's stdout as it comes. `parse`: what JSON a line holds. @default JSON.parse */
  readOutput(parse?: (line: Buffer) => unknown): ResultReader;
  /** What is known of the agent: from its transcript, and from the runner's seal where lines are lost. Pure. */
  resultOf(transcript: AgentResult | null, seal: Pick<Seal, "agent" | "freshSession"> | null): AgentResult;
  /** Why the session of this result must not be resumed again; null when it may be. Pure. */
  unusableSession(result: AgentResult): UnusableSession | null;
}

export const agentCli: AgentCli = claudeCode;
