/** What the chapters report to: nobody, until somebody is connected. */
import type { CounterName, HistogramName, LabelsOf } from "./instruments.ts";
import type { TraceRun } from "./trace.ts";

export interface Meter {
  add<N extends CounterName>(name: N, amount: number, labels: LabelsOf<N>): void;
  /** `value` in the instrument's unit. */
  record<N extends HistogramName>(name: N, value: number, labels: LabelsOf<N>): void;
}

/** Where measurements go. */
export interface MetricSink {
  add(name: CounterName, amount: number, labels: Readonly<Record<string, string>>): void;
  record(name: HistogramName, value: number, labels: Readonly<Record<string, string>>): void;
}

export interface Telemetry extends Meter {
  /** Null where nobody traces. */
  readonly traceRun: TraceRun;
  /** Connects one more; returns the way to disconnect it. */
  connect(sink: MetricSink): () => void;
}

/**
 * No run fails because somebody counts: what a sink or a tracer throws ends here.
 *
 * @param traceRun begins the trace of a run
 */
export function createTelemetry(traceRun: TraceRun = () => null, sinks: readonly MetricSink[] = []): Telemetry {
  const connected = new Set(sinks);
  const tell = (call: (sink: MetricSink) => void): void => {
    for (const sink of connected) quietly(() => call(sink));
  };
  return {
    add: (name, amount, labels) => tell((sink) => sink.add(name, amount, labels)),
    record: (name, value, labels) => tell((sink) => sink.record(name, value, labels)),
    traceRun: (run) => {
      const trace = quietly(() => traceRun(run));
      if (!trace) return null;
      return {
        traceparent: trace.traceparent,
        phase: (...phase) => quietly(() => trace.phase(...phase)),
        link: (...link) => quietly(() => trace.link(...link)),
        end: (...end) => quietly(() => trace.end(...end)),
      };
    },
    connect: (sink) => {
      connected.add(sink);
      return () => connected.delete(sink);
    },
  };
}

function quietly<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch {
    return undefined;
  }
}
