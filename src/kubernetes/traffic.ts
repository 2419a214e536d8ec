import type { Request } from "./api-error.ts";

/** Is told of the traffic with clusters, by whoever counts it. It must not throw. */
export interface Traffic {
  /**
   * A request has its answer, or will have none. Of a stream (a log, a watch, a program) it is the answer's beginning.
   *
   * @param code the HTTP status; else `unreachable`, `timeout`, or `aborted` by our own side
   * @param ms milliseconds
   */
  answered(request: Request, code: string, ms: number): void;
  /** A call has failed, and is made again. */
  retried(request: Request): void;
  /** A watch has lost its connection, and will open another. @param why `closed` in order, else the kind of the failure */
  watchEnded(resource: string, why: string): void;
  /** A watch was given everything that exists once more: events may have been missed. */
  relisted(resource: string): void;
}
