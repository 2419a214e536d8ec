/** One run of the demo's agent through the adapter, told as it goes. */
import type { AdapterExecutionContext, AdapterExecutionResult } from "@paperclipai/adapter-utils";
import { createServerAdapter } from "../src/index.ts";
import type { KubernetesClient } from "../src/kubernetes/client.ts";
import { LABELS } from "../src/run/shared/names.ts";
import { demoContext } from "./context.ts";
import type { DemoEvent, Durations, ObjectEvent } from "./demo-event.ts";
import { LineSplitter } from "./line-splitter.ts";
import type { Model } from "./model.ts";
import type { DemoOptions } from "./options.ts";
import type { Place } from "./place.ts";
import { killAndRestart } from "./restart/kill-and-restart.ts";
import { watchObjects } from "./watch-objects.ts";

export interface RunInput {
  readonly options: DemoOptions;
  readonly place: Place;
  readonly model: Model;
  readonly client: KubernetesClient;
  readonly namespace: string;
  readonly tell: (event: DemoEvent) => void;
  readonly signal: AbortSignal;
}

export interface RunOutcome {
  readonly ctx: AdapterExecutionContext;
  readonly result: AdapterExecutionResult;
  readonly durations: Durations;
}

export async function runOnce(input: RunInput): Promise<RunOutcome> {
  const { tell, signal } = input;
  const started = performance.now();
  const times: { podReady?: number; agent?: number } = {};
  const lines = { stdout: new LineSplitter(), stderr: new LineSplitter() };
  const tellLine = (stream: "stdout" | "stderr", line: string): void => {
    const agent = agentDuration(line);
    if (agent !== undefined) times.agent = agent;
    tell({ event: "log", stream, line });
  };
  const listeners = {
    onLog: async (stream: "stdout" | "stderr", chunk: string) => {
      for (const line of lines[stream].push(chunk)) tellLine(stream, line);
    },
    onMeta: async () => {},
    onRuntimeProgress: ({ message }: { message: string }) => tell({ event: "progress", text: message }),
  };
  const ctx = demoContext(input.options, input.place, input.model, listeners, signal);
  const onObject = (event: ObjectEvent): void => {
    if (event.state.startsWith("Running")) times.podReady ??= performance.now() - started;
    tell(event);
    tell({ event: "progress", text: progressOf(event) });
  };
  const watching = new AbortController();
  const watch = watchObjects(input.client, input.namespace, selectorOf(ctx), onObject, watching.signal);
  tell({ event: "progress", text: "creating the Job" });
  try {
    const result = await (input.options.kill ? killAndRestart(ctx, tell) : createServerAdapter().execute(ctx));
    for (const stream of ["stdout", "stderr"] as const) for (const line of lines[stream].end()) tellLine(stream, line);
    return { ctx, result, durations: { ...times, run: performance.now() - started } };
  } finally {
    watching.abort();
    await watch;
  }
}

/** Finds this run's Job and pods. */
export function selectorOf(ctx: AdapterExecutionContext): string {
  return `${LABELS.runId}=${ctx.runId}`;
}

function progressOf({ kind, state }: ObjectEvent): string {
  if (kind === "Job") return "waiting for the pod";
  return state.startsWith("Running") ? "Claude Code works" : `pod ${state}`;
}

/** Milliseconds, from the result event. */
function agentDuration(line: string): number | undefined {
  if (!line.includes('"duration_ms"')) return undefined;
  try {
    const event = JSON.parse(line) as { type?: unknown; duration_ms?: unknown };
    return event.type === "result" && typeof event.duration_ms === "number" ? event.duration_ms : undefined;
  } catch {
    return undefined;
  }
}
