import type { AgentIds } from "../../paperclip/agent-known.ts";

/** One thing that is left over of a run that is over, or of an agent that is gone. */
export interface Leftover {
  readonly kind: "job" | "probe" | "secret" | "bundle" | "transcripts" | "transcript-copies" | "home" | "claim";
  /** Such as `Job NAMESPACE/NAME of run RUN`. */
  readonly what: string;
  /** A clause. */
  readonly why: string;
  /** What would be done: `stop` ends an agent first. */
  readonly how: "delete" | "stop";
  /** Throws ApiError or OperatorError, also where it has changed meanwhile, and stays. */
  readonly remove: () => Promise<void>;
}

/** What one look for leftovers has found. */
export interface Found {
  readonly over: readonly Leftover[];
  /** What looks left over and is not removed, each with why, in sentences. */
  readonly leftAlone: readonly string[];
  /** What was not looked for, in sentences. */
  readonly unseen: readonly string[];
}

/** One thing that an agent has: left over once the agent is gone. */
export interface OfAgent {
  readonly agent: AgentIds;
  readonly leftover: Omit<Leftover, "why" | "how">;
}
