/**
 * The seal: what the runner writes to the container's termination message when the agent has ended. It arrives with
 * the pod's status (and survives in the watch's DELETED object), so the verdict, the session and the bill are right
 * even if every log line were lost. The cluster cuts a message at 4,096 bytes (measured); the runner keeps below it. But
 * the containers of a pod share 12,288 bytes, so that one of many may be cut anywhere: what judges comes first.
 */

export const MAX_SEAL_BYTES = 4096;

export interface Seal {
  readonly v: 1;
  /** `node` proves the transcript; `sh` (an image without Node) does not. */
  readonly runner: "node" | "sh";
  /** Present when the cluster cut the message: what came behind is missing. Never written by the runner. */
  readonly cut?: true;
  /**
   * Present in a seal that was written while the agent still ran, in case the runner is killed (out of memory, node
   * loss) before it can write the last one. Then `ending` is `unknown`, `exitCode` and `signal` are null and say
   * nothing, `stdout` and `stderr` are missing; `agent` holds what was known by then.
   */
  readonly partial?: true;
  /** The agent's exit code; null when a signal ended it or it never started. */
  readonly exitCode: number | null;
  /** The signal that ended the agent, such as `SIGKILL`; null when it exited. */
  readonly signal: string | null;
  /**
   * What made the agent end, as far as the runner took part: `exit` it ended by itself, `terminated` the runner was
   * told to stop (SIGTERM), `timeout` the run's own time was up, `after-result` it had printed its last result and its
   * process went on, so the runner ended it, `silent` it said nothing for longer than it may (see `silence`),
   * `not-started` the program could not be started, `unknown` in a partial seal, and in that of a recorder which the
   * agent's container told nothing of the end: it was killed.
   */
  readonly ending: "exit" | "terminated" | "timeout" | "after-result" | "silent" | "not-started" | "unknown";
  /** Present when `ending` is `not-started` because the workspace was not brought; `error` has git's words. */
  readonly notPrepared?: NotPreparedFacts;
  /** What of the agent's work was in no other place than its workspace when it ended, where that was asked. */
  readonly workspace?: WorkspaceLeft;
  /** Present when `ending` is `silent`: how long nothing was said, and the tool call that was in flight. */
  readonly silence?: { readonly sec: number; readonly tool: string | null };
  /**
   * Present when the session that was to be resumed could not be: the runner then started a fresh one in this run, and
   * everything else of the seal speaks of that one. `why`: what Claude Code said of the old one.
   */
  readonly freshSession?: { readonly insteadOf: string; readonly why: string };
  /** Why the agent could not be started, or the runner's own faults, such as a log or transcript it could not write. */
  readonly error?: string;
  /** Wall clock of the pod, milliseconds since 1970. */
  readonly startedAt?: number;
  readonly endedAt?: number;
  /** The agent's stdout, whole: absent from the sh runner. */
  readonly stdout?: {
    readonly lines: number;
    readonly bytes: number;
    /** Hex SHA-256 of exactly the bytes that the agent wrote. */
    readonly sha256: string;
    /** False when the last line had no newline at its end. */
    readonly newline: boolean;
  };
  readonly stderr?: {
    readonly lines: number;
    readonly bytes: number;
    /** Bytes left out of the log because stderr passed its bound. */
    readonly dropped: number;
    /** The end of stderr, cut to what fits. */
    readonly tail: string;
  };
  /** What the agent said of itself in its stream-json, the newest of each. */
  readonly agent?: SealedAgent;
}

/** As workspace/common.sh tells it. */
export interface NotPreparedFacts {
  readonly step: "checkout" | "setup";
  readonly cause:
    | "git-missing"
    | "login-required"
    | "repository-missing"
    | "repository-empty"
    | "ref-missing"
    | "disk-full"
    | "untrusted"
    | "unreachable"
    | "occupied"
    | "timeout"
    | "failed";
}

/** As workspace/keep.sh tells it. */
export interface WorkspaceLeft {
  /** Empty: none is checked out. */
  readonly branch: string;
  /** True: the folder goes with the pod. */
  readonly volatile: boolean;
  readonly commit?: string;
  /** Files that differ from the commit, new ones among them. */
  readonly uncommitted?: number;
  /** Commits of branches and stashes that the repository is not known to have. */
  readonly unpushed?: number;
  /** The branch of the repository to which all that was pushed. */
  readonly savedAs?: string;
  /** Why it could not be. */
  readonly notSaved?: string;
  /** Why the counts are not known. */
  readonly unknown?: string;
}

/** Names as in Claude Code's stream-json (2.1.330); every one may be missing. */
export interface SealedAgent {
  readonly session_id?: string;
  readonly model?: string;
  /** How far the stream got: an `init` was seen; a model (not Claude Code itself, `<synthetic>`) said something. */
  readonly init?: boolean;
  readonly content?: boolean;
  /** `error` of the newest assistant event, such as `authentication_failed`. */
  readonly assistant_error?: string;
  /** The newest `rate_limit_event`; `resetsAt` in seconds since 1970. */
  readonly rate_limit?: { readonly status?: string; readonly resetsAt?: number; readonly rateLimitType?: string };
  /** Present only when a `result` event was seen. */
  readonly result?: {
    readonly subtype?: string;
    readonly is_error?: boolean;
    readonly num_turns?: number;
    readonly duration_ms?: number;
    readonly total_cost_usd?: number;
    /**
     * `costUSD` of `model_usage_since_last_result`, summed over the models and over every result event: this process
     * alone, while `total_cost_usd` of a resumed session goes on from the earlier runs (measured on 2.1.330).
     */
    readonly run_cost_usd?: number;
    readonly usage?: {
      readonly input_tokens?: number;
      readonly cache_creation_input_tokens?: number;
      readonly cache_read_input_tokens?: number;
      readonly output_tokens?: number;
    };
    readonly terminal_reason?: string;
    readonly stop_reason?: string;
    readonly api_error_status?: number;
    readonly api_error_type?: string;
    readonly api_error?: string;
    /** The start of the result's text and errors, cut to what fits. */
    readonly text?: string;
    readonly errors?: readonly string[];
  };
}
