/** What is traced of a run, whatever traces it. */
import type { Phase } from "./phases.ts";

export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface TracedRun {
  readonly attributes: Attributes;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** The span of one run. Times are milliseconds since 1970. */
export interface RunTrace {
  /** W3C; null where nobody records this run. */
  readonly traceparent: string | null;
  phase(name: Phase, from: number, to: number): void;
  /** The run goes on with the Job of that one. */
  link(traceparent: string, attributes: Attributes): void;
  /** @param error the sentence of a run that failed; null of any other */
  end(attributes: Attributes, error: string | null, at: number): void;
}

export type TraceRun = (run: TracedRun) => RunTrace | null;
