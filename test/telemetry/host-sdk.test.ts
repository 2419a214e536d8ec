/** With the real SDK of OpenTelemetry in the process, as Paperclip's server has one: metrics, spans, links. */
import { context, metrics, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { afterEach, describe, expect, it } from "vitest";
import { hostMetrics, traceInHost } from "../../src/telemetry/host-sdk.ts";
import { measureRun } from "../../src/telemetry/run-telemetry.ts";
import { createTelemetry } from "../../src/telemetry/telemetry.ts";

afterEach(() => {
  metrics.disable();
  trace.disable();
  context.disable();
});

const newTelemetry = () => createTelemetry(traceInHost, [hostMetrics()]);

function startTracing(): InMemorySpanExporter {
  const exporter = new InMemorySpanExporter();
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  return exporter;
}

function startMetering() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1e8 });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  return async () => {
    await reader.forceFlush();
    const all = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics);
    await reader.shutdown();
    expect(all.map(({ scope }) => scope.name)).toEqual(["paperclip-adapter-claude-k8s"]);
    return all.flatMap((scope) => scope.metrics);
  };
}

const named = (spans: readonly ReadableSpan[], name: string): ReadableSpan | undefined =>
  spans.find((span) => span.name === name);
const FAILED = {
  verdict: "timeout",
  code: "timeout",
  error: "The agent took too long.",
  attributes: { "k8s.job.name": "ac-1" },
} as const;

describe("a host with an SDK", () => {
  it("gets the instruments under their own names, with unit, description, buckets and labels", async () => {
    const telemetry = newTelemetry();
    // Before the SDK has come it goes nowhere; an instrument that was made then would be dead for ever.
    telemetry.add("claude_k8s.runs", 5, { verdict: "completed" });
    const exported = startMetering();
    telemetry.add("claude_k8s.runs", 1, { verdict: "completed" });
    telemetry.add("claude_k8s.runs.active", -1, { phase: "agent" });
    telemetry.record("claude_k8s.run.duration", 7, { verdict: "completed" });
    const found = await exported();
    expect(found.map(({ descriptor: { name, unit } }) => `${name} ${unit}`)).toEqual([
      "claude_k8s.runs {run}",
      "claude_k8s.runs.active {run}",
      "claude_k8s.run.duration s",
    ]);
    expect(found[0]?.dataPoints).toMatchObject([{ value: 1, attributes: { verdict: "completed" } }]);
    expect(found[1]?.dataPoints).toMatchObject([{ value: -1 }]);
    const [point] = found[2]?.dataPoints ?? [];
    expect(point?.value).toMatchObject({ count: 1, sum: 7, buckets: { boundaries: expect.arrayContaining([14_400]) } });
  });

  it("gets one span of each run, below what it does itself, with the phases below that", () => {
    const exporter = startTracing();
    const telemetry = newTelemetry();
    const outer = trace.getTracer("host").startSpan("wakeup");
    const run = context.with(trace.setSpan(context.active(), outer), () =>
      measureRun(telemetry, { "paperclip.run.id": "run-1" }),
    );
    run.enter("claim");
    run.enter("agent");
    run.end(FAILED);
    const spans = exporter.getFinishedSpans();
    expect(spans.map(({ name }) => name)).toEqual([
      "claude_k8s.run.prepare",
      "claude_k8s.run.claim",
      "claude_k8s.run.agent",
      "claude_k8s.run",
    ]);
    const own = named(spans, "claude_k8s.run");
    expect(own?.parentSpanContext?.spanId).toBe(outer.spanContext().spanId);
    expect(own?.attributes).toEqual({
      "paperclip.run.id": "run-1",
      "claude_k8s.verdict": "timeout",
      "error.type": "timeout",
      "k8s.job.name": "ac-1",
    });
    expect(own?.status).toEqual({ code: SpanStatusCode.ERROR, message: "The agent took too long." });
    for (const phase of spans.slice(0, 3)) {
      expect(phase.parentSpanContext?.spanId).toBe(own?.spanContext().spanId);
      expect(phase.spanContext().traceId).toBe(outer.spanContext().traceId);
    }
    expect(named(spans, "claude_k8s.run.claim")?.startTime).toEqual(named(spans, "claude_k8s.run.prepare")?.endTime);
  });

  it("gets a root where it does nothing itself, and a link from a run that adopts a Job to the one that started it", () => {
    const exporter = startTracing();
    const telemetry = newTelemetry();
    const first = measureRun(telemetry, {});
    const second = measureRun(telemetry, {});
    second.adopted("lost_run", first.traceparent);
    second.adopted("lost_run", "no traceparent");
    second.end({ ...FAILED, verdict: "completed", code: null, error: null });
    const own = named(exporter.getFinishedSpans(), "claude_k8s.run");
    expect(own?.parentSpanContext).toBeUndefined();
    expect(own?.status.code).toBe(SpanStatusCode.UNSET);
    expect(own?.links).toHaveLength(1);
    const [, traceId, spanId] = first.traceparent?.split("-") ?? [];
    expect(own?.links[0]?.context).toMatchObject({ traceId, spanId, isRemote: true });
    expect(own?.links[0]?.attributes).toEqual({ "claude_k8s.adoption.from": "lost_run" });
  });

  it("without one, nothing is traced", () => {
    expect(newTelemetry().traceRun({ attributes: {}, at: 0 })).toBeNull();
  });
});
