/** What the follower asks of `pods/log`; always with time stamps. */
export interface LogRequest {
  readonly follow: boolean;
  /** RFC 3339 of a whole second: the API server cuts fractions, and the answer includes the second (measured on 1.36). */
  readonly sinceTime?: string;
  /** Counts entries of the container runtime's log, of which a frame is exactly one. */
  readonly tailLines?: number;
}

/** `clean`: the body ended as HTTP says it should, which does not mean that the log was whole. */
export type LogEnd = { readonly end: "clean" | "aborted" } | { readonly end: "broken"; readonly error: Error };

/** `retryAfterMs`: from the API server's Retry-After. `kind` is `status` for its own refusal, with the HTTP status. */
export type LogError = Error & {
  readonly kind?: string;
  readonly status?: number | undefined;
  readonly retryAfterMs?: number | undefined;
};

/**
 * `not-yet` the container has not started; `gone` there is no such pod; `refused` a retry will hardly help;
 * `failed` it may.
 */
export type LogOpening =
  | {
      readonly kind: "open";
      readonly body: AsyncIterable<Buffer>;
      /** In place of `body`: what came at once. The bytes are valid until the next are asked for. @default those of `body` */
      readonly blocks?: AsyncIterable<readonly Buffer[]>;
      readonly end: Promise<LogEnd>;
    }
  | { readonly kind: "not-yet" | "gone" | "refused" | "failed"; readonly error: LogError }
  | { readonly kind: "aborted" };

/**
 * Opens one log stream: `openLog` of the Kubernetes client with its pod and container filled in. Errors are values;
 * aborting the signal closes the connection.
 */
export type OpenLog = (request: LogRequest, signal: AbortSignal) => Promise<LogOpening>;
