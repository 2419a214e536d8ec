/** What Paperclip would hand to the adapter for one run of one agent. */
import { randomUUID } from "node:crypto";
import type { AdapterExecutionContext } from "@paperclipai/adapter-utils";
import type { Model } from "./model.ts";
import type { DemoOptions } from "./options.ts";
import type { Place } from "./place.ts";

export type Listeners = Required<Pick<AdapterExecutionContext, "onLog" | "onMeta" | "onRuntimeProgress">>;

export function demoContext(
  options: DemoOptions,
  place: Place,
  model: Model,
  listeners: Listeners,
  signal: AbortSignal,
): AdapterExecutionContext {
  const runId = randomUUID();
  const config = agentConfig(options, place, model);
  return {
    runId,
    agent: {
      id: `demo-${runId.slice(0, 8)}`,
      companyId: "demo",
      name: "Demo agent",
      adapterType: "claude_k8s",
      adapterConfig: config,
    },
    runtime: { sessionId: null, sessionParams: null, sessionDisplayId: null, taskKey: null },
    config,
    context: { wakeReason: "demo", prompt: options.prompt },
    signal,
    onCancellationReady: async () => {},
    ...listeners,
  };
}

/** Seconds for the whole run: a real image may have to be pulled. */
const TIMEOUT_SEC = 600;
/** Seconds that Claude has to save its session after Ctrl-C. */
const GRACE_SEC = 5;

function agentConfig(options: DemoOptions, place: Place, model: Model): Record<string, unknown> {
  return {
    image: place.image,
    model: options.model,
    // The template is only the prompt, so that the prompt arrives as it was typed.
    promptTemplate: "{{context.prompt}}",
    timeoutSec: TIMEOUT_SEC,
    graceSec: GRACE_SEC,
    retainJobs: options.keep,
    // Small enough for a laptop's cluster.
    "resources.requests.cpu": "100m",
    "resources.requests.memory": "256Mi",
    "resources.limits.cpu": "2",
    "resources.limits.memory": "2Gi",
    env: { ...model.env, CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1" },
  };
}
