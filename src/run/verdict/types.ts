import type { AdapterExecutionResult } from "@paperclipai/adapter-utils";
import type { AgentCost, AgentUsage, TerminalResult } from "../../claude/claude-code.ts";
import type { FailureKind, VerdictCode } from "../shared/codes.ts";
import type { WorkLeft } from "./workspace/work-left.ts";

export type ErrorFamily = NonNullable<AdapterExecutionResult["errorFamily"]>;
export type ExecutionRecovery = NonNullable<AdapterExecutionResult["executionRecovery"]>;

/** What every verdict knows, good or bad. */
export interface Account {
  /** One sentence in plain words. */
  readonly sentence: string;
  /** How we know: short statements, strongest first. */
  readonly evidence: readonly string[];
  /** The exit code of the agent, null when a signal ended it or nobody saw it end. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** True when the evidence proves that nothing of this run is alive. */
  readonly stopped: boolean;
  /** True when there can be no transcript: no pod was seen, or its agent never started. */
  readonly noTranscript: boolean;
  /** The session that the agent named; null when it named none, and then nothing is known of any session. */
  readonly sessionId: string | null;
  /** The model that the agent named, else the one asked for. */
  readonly model: string | null;
  readonly usage: AgentUsage | null;
  readonly cost: AgentCost | null;
  /** What the agent's result event reports; null when none was seen. */
  readonly result: TerminalResult | null;
  /** The result's text, else the end of what the agent said. */
  readonly summary: string;
  /** What becomes of work that the agent has not pushed; null where there is none. */
  readonly workLeft: WorkLeft | null;
}

export interface Completed extends Account {
  readonly kind: "completed";
  readonly code: null;
  readonly exitCode: 0;
  /** The signal by which the runner ended the agent's process after its result; null where it ended by itself. */
  readonly endedBy: "SIGTERM" | "SIGKILL" | null;
}

export interface Failure extends Account {
  readonly kind: FailureKind;
  readonly code: VerdictCode;
  /** What to do about it. */
  readonly fix: string;
  readonly timedOut: boolean;
  readonly errorFamily: ErrorFamily | null;
  /** RFC 3339: when trying again can help. */
  readonly retryNotBefore: string | null;
  readonly executionRecovery: ExecutionRecovery | null;
  /** True when the stored session must not be used again. */
  readonly clearSession: boolean;
}

/** How a run ended, as a pure function of what was seen. */
export type Verdict = Completed | Failure;
