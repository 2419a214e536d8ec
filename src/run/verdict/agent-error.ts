import type { TerminalResult, UnusableSession } from "../../claude/claude-code.ts";
import { agentCli } from "../shared/agent-cli.ts";
import type { VerdictCode } from "../shared/codes.ts";
import type { Finding } from "./cause.ts";
import type { Facts } from "./facts.ts";

/** The fields that the rows ask about. */
export interface AgentError {
  readonly facts: Facts;
  readonly result: TerminalResult;
  readonly status: number | null;
  /** The API's own `error.type`. */
  readonly type: string;
  /** Claude Code's name of the cause. */
  readonly kind: string;
  /** `error` of the newest assistant event. */
  readonly message: string;
  readonly unusable: UnusableSession | null;
}

/** One cause of a failure, as the agent itself reports it. */
export interface AgentErrorRow {
  readonly code: VerdictCode;
  readonly when: (error: AgentError) => boolean;
  readonly sentence: (error: AgentError) => string;
  readonly fix: string | ((error: AgentError) => string);
  /** @default nothing beside the result event and the newest assistant event's error */
  readonly because?: (error: AgentError) => readonly string[];
  readonly more?: (error: AgentError) => Partial<Finding>;
}

export function agentErrorOf(facts: Facts, result: TerminalResult): AgentError {
  return {
    facts,
    result,
    status: result.apiErrorStatus,
    type: result.apiErrorType ?? "",
    kind: result.apiError ?? "",
    message: facts.agent.assistantError ?? "",
    unusable: agentCli.unusableSession(facts.agent),
  };
}

/** What a row says of an error that it matches. */
export function findingOf({ code, sentence, fix, because, more }: AgentErrorRow, error: AgentError): Finding {
  const { message } = error;
  return {
    kind: "agent-error",
    code,
    sentence: sentence(error),
    fix: typeof fix === "string" ? fix : fix(error),
    because: because?.(error) ?? (message === "" ? [] : [`Error of the newest assistant event: ${message}`]),
    ...more?.(error),
  };
}
