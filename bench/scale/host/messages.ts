/** Between the benchmark and the measured process. */
import type { AdapterExecutionResult } from "@paperclipai/adapter-utils";
import type { RunSettings } from "../../../test/cluster/support/context.ts";

export type ToHost =
  /** Runs the adapter, the starts spread evenly. */
  | { readonly kind: "start"; readonly runs: readonly RunSettings[]; readonly withinMs: number }
  /** What is measured begins anew. */
  | { readonly kind: "begin" }
  | { readonly kind: "measure" }
  /** Writes what is on the heap to a file. */
  | { readonly kind: "snapshot"; readonly file: string };

export type FromHost =
  | { readonly kind: "ready" }
  /** Every run that was started has delivered a line, or is over. */
  | { readonly kind: "speaking"; readonly runs: number }
  | { readonly kind: "result"; readonly runId: string; readonly result: AdapterExecutionResult }
  | ({ readonly kind: "measured" } & Measured)
  | { readonly kind: "written" };

export interface Measured {
  readonly wallMs: number;
  /** User and system time of the whole process, worker threads included. */
  readonly cpuMs: number;
  /** Milliseconds. */
  readonly loop: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Megabytes: the most that was seen; the heap after a collection. */
  readonly rssMb: number;
  readonly heapMb: number;
  readonly externalMb: number;
  /** Milliseconds from print to onLog. */
  readonly delay: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly lines: number;
  /** Of runs that are not over. */
  readonly living: number;
  /** Milliseconds from execute() to the first line, of each run that was started since. */
  readonly firstLineMs: readonly number[];
  /** Lines that came twice, out of order, or after one that did not come. */
  readonly wrong: number;
  /** By `verb resource`; of streams their openings. */
  readonly requests: Readonly<Record<string, number>>;
  readonly retries: number;
  /** The most at once of requests that create, from when they are made until their answer begins. */
  readonly creating: number;
}
