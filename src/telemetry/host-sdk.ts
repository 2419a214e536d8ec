/**
 * The OpenTelemetry SDK of the program that loaded us, if it has one. It registers itself on a global symbol that every copy
 * of `@opentelemetry/api` looks at, our bundled one too, as long as the copy is not newer than the SDK's API (1.9 is what
 * Paperclip 2026.916.1 asks for). Without an SDK nothing here does anything.
 */
import {
  type Counter,
  context,
  type Histogram,
  isSpanContextValid,
  metrics,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type UpDownCounter,
} from "@opentelemetry/api";
import type { Instrument } from "./instrument.ts";
import { type CounterName, type HistogramName, INSTRUMENTS, type InstrumentName } from "./instruments.ts";
import type { MetricSink } from "./telemetry.ts";
import type { RunTrace, TraceRun } from "./trace.ts";
import { formatTraceparent, parseTraceparent } from "./traceparent.ts";

const SCOPE = "paperclip-adapter-claude-k8s";
const API = Symbol.for("opentelemetry.js.api.1");

/** The SDK may come after us, and an instrument of the time before would be dead for ever. */
const hasSdk = (signal: "metrics" | "trace"): boolean =>
  (globalThis as { [API]?: Partial<Record<string, unknown>> })[API]?.[signal] !== undefined;

export function hostMetrics(): MetricSink {
  const made = new Map<InstrumentName, Counter | UpDownCounter | Histogram>();
  const find = <T extends Counter | UpDownCounter | Histogram>(name: InstrumentName): T => {
    const known = made.get(name) ?? create(name);
    made.set(name, known);
    return known as T;
  };
  return {
    add: (name: CounterName, amount, labels) => {
      if (hasSdk("metrics")) find<UpDownCounter>(name).add(amount, labels);
    },
    record: (name: HistogramName, value, labels) => {
      if (hasSdk("metrics")) find<Histogram>(name).record(value, labels);
    },
  };
}

function create(name: InstrumentName): Counter | UpDownCounter | Histogram {
  const { unit, description, ...more }: Instrument = INSTRUMENTS[name];
  const meter = metrics.getMeter(SCOPE);
  switch (more.kind) {
    case "counter":
      return meter.createCounter(name, { unit, description });
    case "updown":
      return meter.createUpDownCounter(name, { unit, description });
    case "histogram":
      return meter.createHistogram(name, {
        unit,
        description,
        advice: { explicitBucketBoundaries: [...more.buckets] },
      });
  }
}

/** A span below what the host does at this moment, where it traces that; else a root. */
export const traceInHost: TraceRun = ({ attributes, at }) => {
  if (!hasSdk("trace")) return null;
  const tracer = trace.getTracer(SCOPE);
  const options = { kind: SpanKind.INTERNAL, attributes, startTime: at };
  const parent = context.active();
  const run = tracer.startSpan("claude_k8s.run", options, parent);
  const below = trace.setSpan(ROOT_CONTEXT, run);
  return {
    traceparent: traceparentOf(run),
    phase: (name, from, to) => tracer.startSpan(`claude_k8s.run.${name}`, { startTime: from }, below).end(to),
    link: (traceparent, linked) => {
      const other = parseTraceparent(traceparent);
      if (other) run.addLink({ context: { ...other, isRemote: true }, attributes: linked });
    },
    end: (more, error, ended) => {
      run.setAttributes(more);
      if (error !== null) run.setStatus({ code: SpanStatusCode.ERROR, message: error });
      run.end(ended);
    },
  } satisfies RunTrace;
};

function traceparentOf(span: Span): string | null {
  const own = span.spanContext();
  return span.isRecording() && isSpanContextValid(own) ? formatTraceparent(own) : null;
}
