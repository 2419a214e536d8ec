import type { AgentResult } from "../../../claude/agent-result.ts";
import type { Seal } from "../../../runner/seal.ts";
import type { ActsTaken } from "./acts.ts";
import type { ClusterEvent } from "./events.ts";
import type { JobFacts } from "./job.ts";
import type { PodFacts } from "./pod.ts";

/**
 * Everything a verdict may rest on: plain, serialisable data, gathered by `observe()`. Times are milliseconds since
 * 1970 by the adapter's clock, except where a field says that it is the cluster's own stamp (RFC 3339).
 */
export interface Evidence {
  readonly run: RunFacts;
  /** Null: no Job of this run was ever seen. */
  readonly job: JobFacts | null;
  /** The newest pod of the Job, chosen by the Job's UID; null: none was ever seen. */
  readonly pod: PodFacts | null;
  /** True: a look at the cluster found no pod of the Job. */
  readonly podless: boolean;
  /** What the runner left in the agent container's termination message. */
  readonly seal: Seal | null;
  /** Useful Events of the Job and its pod, oldest first, bounded. */
  readonly events: readonly ClusterEvent[];
  readonly transcript: TranscriptReport | null;
  /** What the transcript says; the verdict merges it with the seal. */
  readonly agent: AgentResult | null;
  readonly acts: ActsTaken;
  /** What went wrong on the adapter's side, oldest first, bounded. */
  readonly faults: readonly Fault[];
}

/** What the plan knows. */
export interface RunFacts {
  /** Name of the container whose command is the runner. */
  readonly container: string;
  /** The model that was asked for; null = Claude Code's default. */
  readonly model: string | null;
  /** The session that this run was to resume; null = a fresh one. */
  readonly resumedSessionId: string | null;
  /** True when the agent's HOME outlives the pod, so that its session can be resumed. */
  readonly sessionPersists: boolean;
  /** Seconds after which the run is to be ended; 0 = never. */
  readonly timeoutSec: number;
}

type TranscriptState =
  /** Every line arrived: the seal's count and hash agree. */
  | { readonly state: "complete"; readonly lines: number }
  /** Lines are known to be missing; `gaps` are ranges of line numbers, both ends included. */
  | {
      readonly state: "missing";
      readonly lines: number;
      readonly gaps: readonly { readonly from: number; readonly to: number | null }[];
    }
  /** No gap was seen, but nothing excludes one. */
  | { readonly state: "unproven"; readonly lines: number; readonly why: string };

export type TranscriptReport = TranscriptState & {
  /** Path of the file with the lines as the agent wrote them, where the page shows something else. */
  readonly file?: string;
};

/** An error on the adapter's side, as data. A fatal one ended the adapter's part of the run. */
export interface Fault {
  /** A code of the contract, such as `k8s_job_create_failed`. */
  readonly code: string;
  /** One sentence; never with a credential. */
  readonly message: string;
  readonly fix: string | null;
  /** HTTP status, where the API server answered. */
  readonly status: number | null;
  readonly fatal: boolean;
  readonly at: number;
}

export { noEvidence, type Observation, observe } from "./reduce.ts";
