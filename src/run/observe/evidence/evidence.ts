import type { AgentResult } from "../../../claude/claude-code.ts";
import type { Seal } from "../../../runner/seal.ts";
import type { Fault } from "../../shared/run-fault.ts";
import type { RunFacts } from "../../shared/run-terms.ts";
import type { QueueReading } from "../queue/reading.ts";
import type { ActsTaken } from "./acts.ts";
import type { ClusterEvent } from "./events.ts";
import type { JobFacts } from "./job.ts";
import type { PodFacts } from "./pod.ts";

/**
 * Everything a verdict may rest on: plain, serialisable data, gathered by `reduceEvidence()`. Times are milliseconds since
 * 1970 by the adapter's clock, except where a field says that it is the cluster's own stamp (RFC 3339).
 */
export interface Evidence {
  readonly run: RunFacts;
  /** Null: no Job of this run was ever seen. */
  readonly job: JobFacts | null;
  /** The newest pod of the Job, chosen by the Job's UID; of a queue's Job the one that runs or ran last. Null: none was seen. */
  readonly pod: PodFacts | null;
  /** Of a queue's Job: uid of the pod that came after that one. What the queue has taken back is judged before that is looked at. */
  readonly nextPod: string | null;
  /** Pods of this run that its queue has taken back, oldest first. */
  readonly earlier: readonly EarlierPod[];
  /** True: a list of the Job's pods found none. */
  readonly hasNoPod: boolean;
  /** What the runner left in the termination message of the container that keeps the record. */
  readonly seal: Seal | null;
  /**
   * The log ended with the runner's seal, and nothing followed: the agent's end, where the cluster does not report it yet.
   * Null: it did not, as far as is known.
   */
  readonly logSeal: { readonly seal: Seal; readonly seenAt: number } | null;
  /** Why it waits in its queue, as last read; null: it never was. */
  readonly queue: QueueReading | null;
  /** Useful Events of the Job and its pod, oldest first, bounded. */
  readonly events: readonly ClusterEvent[];
  readonly transcript: TranscriptReport | null;
  /** What the transcript shows of the agent; the verdict merges it with the seal. */
  readonly agent: AgentResult | null;
  readonly acts: ActsTaken;
  /** What went wrong on the adapter's side, oldest first, bounded. */
  readonly faults: readonly Fault[];
}

/** A pod that a queue took back in the middle of its work: the next one goes on. */
export interface EarlierPod {
  readonly name: string;
  readonly uid: string;
  readonly node: string | null;
  /** The queue's own words; null: it gave none that could be read. */
  readonly why: string | null;
  readonly transcript: TranscriptReport | null;
  /** What its agent said of itself. */
  readonly agent: AgentResult;
}

/** Line numbers, both ends included. */
export interface TranscriptGap {
  readonly channel: "stdout" | "stderr";
  readonly from: number;
  readonly to: number;
  /** `lost` they could not be read; `undelivered` they were read, and the host did not take them. */
  readonly cause: "lost" | "undelivered";
  readonly why: string;
}

/** `lines`: of the agent's stdout that the host has. */
type TranscriptState =
  /** The host took every line: the seal's count and hash agree. */
  | { readonly state: "complete"; readonly lines: number }
  /** Lines are known to be missing. */
  | { readonly state: "missing"; readonly lines: number; readonly gaps: readonly TranscriptGap[] }
  /** No gap was seen, but nothing excludes one. */
  | { readonly state: "unproven"; readonly lines: number; readonly why: string };

export type TranscriptReport = TranscriptState & {
  /** Why nobody could read the log; absent when it was read, even if it was empty. */
  readonly unread?: string;
  /** Path of the file with the lines as the agent wrote them, where the page shows something else. */
  readonly file?: string;
};
