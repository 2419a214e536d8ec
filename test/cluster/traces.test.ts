/** What the real SDK of OpenTelemetry gets of runs on a cluster: a span each, its phases, the link of an adoption. */
import { context, SpanStatusCode, trace } from "@opentelemetry/api";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { afterAll, beforeAll, expect, it } from "vitest";
import { jobs } from "../../src/kubernetes/resource-types.ts";
import { ANNOTATIONS, LABELS } from "../../src/run/shared/names.ts";
import { traceInHost } from "../../src/telemetry/host-sdk.ts";
import { createTelemetry } from "../../src/telemetry/telemetry.ts";
import type { Gates } from "./support/gate.ts";
import type { Place } from "./support/place.ts";
import { freshId, INIT, RESULT, startRun } from "./support/run.ts";
import { useGates, usePlace } from "./support/use-place.ts";

let place: Place;
let gates: Gates;
usePlace((opened) => {
  place = opened;
});
useGates((made) => {
  gates = made;
});

const exporter = new InMemorySpanExporter();
const dependencies = { telemetry: createTelemetry(traceInHost) };
beforeAll(() => {
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
});
afterAll(() => {
  trace.disable();
  context.disable();
});

const spanOf = (runId: string): ReadableSpan | undefined =>
  exporter.getFinishedSpans().find(({ attributes }) => attributes["paperclip.run.id"] === runId);
const phasesOf = (run: ReadableSpan | undefined): readonly string[] =>
  exporter
    .getFinishedSpans()
    .filter(({ parentSpanContext }) => parentSpanContext?.spanId === run?.spanContext().spanId)
    .map(({ name }) => name.slice("claude_k8s.run.".length));

it("a run is one span with its phases, and one that adopts its Job is linked to it", async () => {
  const agentId = `agent-${freshId()}`;
  const agent = `cat >/dev/null; ${INIT}; echo first; ${gates.waitFor("over")}; ${RESULT}`;
  const first = startRun(place, { agent, agentId, dependencies });
  await first.said("first");
  const { items } = await place.admin.list(jobs, place.namespace, { labelSelector: `${LABELS.agentId}=${agentId}` });
  const traceparent = items[0]?.metadata.annotations?.[ANNOTATIONS.traceparent];
  // As a host does that shuts down.
  first.cancel("Legacy controller lease lost");
  expect((await first.result).resultJson?.verdict).toBe("detached");
  place.paperclip.set(first.runId, "failed");
  const second = startRun(place, { agent: "exit 1", agentId, dependencies });
  await second.said("first");
  await gates.open("over");
  expect(await second.result).toMatchObject({ errorCode: null });

  const left = spanOf(first.runId);
  expect(left?.attributes).toMatchObject({
    "paperclip.agent.id": agentId,
    "paperclip.company.id": "company",
    "claude_k8s.verdict": "detached",
    "k8s.job.name": items[0]?.metadata.name,
    "k8s.namespace.name": place.namespace,
    "k8s.pod.name": expect.any(String),
    "k8s.node.name": expect.any(String),
  });
  expect(left?.status.code).toBe(SpanStatusCode.UNSET);
  expect(phasesOf(left)).toEqual(["prepare", "claim", "schedule", "pull", "start", "agent", "verdict"]);
  const { traceId = "", spanId = "" } = left?.spanContext() ?? {};
  expect(traceparent).toBe(`00-${traceId}-${spanId}-01`);
  const adopter = spanOf(second.runId);
  expect(adopter?.links.map(({ context: other }) => other.spanId)).toEqual([spanId]);
  expect(adopter?.attributes["claude_k8s.verdict"]).toBe("completed");
  expect(phasesOf(adopter)).toEqual(["prepare", "claim", "start", "agent", "drain", "verdict"]);
});

it("a run that cannot be started is a span with its error", async () => {
  const run = startRun(place, { agent: "exit 1", config: { image: 7 }, dependencies });
  const { errorCode } = await run.result;
  expect(errorCode).toBe("k8s_config_invalid");
  const span = spanOf(run.runId);
  expect(span?.attributes).toMatchObject({ "error.type": "k8s_config_invalid" });
  expect(span?.status).toMatchObject({ code: SpanStatusCode.ERROR, message: expect.stringContaining("image") });
  expect(phasesOf(span)).toEqual(["prepare"]);
});
