/** Starts runs through the adapter as Paperclip would, with an agent that is a small sh program. */
import { randomBytes } from "node:crypto";
import type { AdapterExecutionContext, AdapterExecutionResult, AdapterRuntimeEvent } from "@paperclipai/adapter-utils";
import type { Dependencies } from "../../../src/run/dependencies.ts";
import { execute } from "../../../src/run/execute.ts";
import type { Place } from "./place.ts";

export interface RunOptions {
  /** The agent: a program for sh, which gets Claude Code's arguments and its prompt on stdin. */
  readonly agent: string;
  readonly config?: Record<string, unknown>;
  readonly context?: Partial<AdapterExecutionContext>;
  readonly dependencies?: Partial<Dependencies>;
}

export interface TestRun {
  readonly runId: string;
  readonly agentId: string;
  readonly result: Promise<AdapterExecutionResult>;
  /** What `onLog` got on stdout, less the adapter's own lines. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly events: readonly AdapterRuntimeEvent[];
  /** Resolves with the first event of that type; rejects when the run ends without one. */
  event(type: string): Promise<AdapterRuntimeEvent>;
  /** Resolves when the transcript has that text; rejects when the run ends without it. */
  said(text: string): Promise<void>;
  /** The host's Stop. */
  cancel(reason?: string): void;
}

export const SESSION = "11111111-2222-4333-8444-555555555555";
export const INIT = `echo '{"type":"system","subtype":"init","session_id":"${SESSION}","model":"test-model"}'`;
export const RESULT = `echo '{"duration_api_ms":1,"session_id":"${SESSION}","type":"result","subtype":"success","is_error":false,"result":"all done","num_turns":1,"total_cost_usd":0.25,"usage":{"input_tokens":7,"output_tokens":5}}'`;

export const freshId = (): string => randomBytes(6).toString("hex");

export function startRun(place: Place, { agent, config, context, dependencies }: RunOptions): TestRun {
  const runId = context?.runId ?? `run-${freshId()}`;
  const agentId = context?.agent?.id ?? `agent-${freshId()}`;
  const out = { stdout: "", stderr: "" };
  const events: AdapterRuntimeEvent[] = [];
  const listeners = new Set<() => void>();
  const changed = (): void => {
    for (const listener of [...listeners]) listener();
  };
  const stop = new AbortController();
  const ctx: AdapterExecutionContext = {
    runId,
    agent: { id: agentId, companyId: "company", name: "Ada", adapterType: "claude_k8s", adapterConfig: {} },
    runtime: { sessionId: null, sessionParams: null, sessionDisplayId: null, taskKey: "task" },
    config: {
      kubeconfig: place.kubeconfig,
      namespace: place.namespace,
      image: place.image,
      command: ["sh", "-c", agent, "claude"],
      "resources.requests.cpu": "50m",
      "resources.requests.memory": "64Mi",
      "resources.limits.memory": "512Mi",
      graceSec: 5,
      ...config,
    },
    context: { taskId: "task-1" },
    authToken: "the-run-token",
    signal: stop.signal,
    onCancellationReady: () => Promise.resolve(),
    onLog: (stream, chunk) => {
      if (!chunk.startsWith("[paperclip]")) out[stream] += chunk;
      changed();
      return Promise.resolve();
    },
    onEvent: (event) => {
      events.push(event);
      changed();
      return Promise.resolve();
    },
    ...context,
  };
  const result = execute(ctx, { env: {}, ...dependencies });
  const until = <T>(find: () => T | undefined, what: string): Promise<T> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = find();
        if (found === undefined) return;
        listeners.delete(look);
        resolve(found);
      };
      listeners.add(look);
      look();
      void result.then((ended) => reject(new Error(`the run ended without ${what}: ${JSON.stringify(ended)}`)));
    });
  return {
    runId,
    agentId,
    result,
    stdout: () => out.stdout,
    stderr: () => out.stderr,
    events,
    event: (type) => until(() => events.find(({ eventType }) => eventType === type), `an event ${type}`),
    said: (text) => until(() => (out.stdout.includes(text) ? null : undefined), `"${text}"`).then(() => undefined),
    cancel: (reason = "Cancelled by a board operator") => stop.abort(new Error(reason)),
  };
}
