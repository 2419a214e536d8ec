/** Starts runs through the adapter as Paperclip would, with an agent that is a small sh program. */
import type { AdapterExecutionContext, AdapterExecutionResult, AdapterRuntimeEvent } from "@paperclipai/adapter-utils";
import { execute } from "../../../src/run/execute.ts";
import type { Dependencies } from "../../../src/run/shared/dependencies.ts";
import { trustAgents } from "../../support/policy.ts";
import { contextOf, freshId, SERVER_ENV, settingsOf } from "./context.ts";
import type { Place } from "./place.ts";

export { freshId };

export interface RunOptions {
  /** The agent: a program for sh, which gets Claude Code's arguments and its prompt on stdin. */
  readonly agent: string;
  readonly config?: Record<string, unknown>;
  /** What the host says about the wake-up; else task-1. */
  readonly wake?: Record<string, unknown>;
  /** @default a new one */
  readonly runId?: string;
  /** @default a new one */
  readonly agentId?: string;
  readonly context?: Partial<AdapterExecutionContext>;
  readonly dependencies?: Partial<Dependencies>;
}

export interface TestRun {
  readonly runId: string;
  readonly agentId: string;
  /** The run's own, for Paperclip. */
  readonly token: string;
  readonly result: Promise<AdapterExecutionResult>;
  /** What `onLog` got on stdout, less the adapter's own lines. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** The adapter's own lines. */
  readonly statuses: readonly string[];
  readonly events: readonly AdapterRuntimeEvent[];
  /** Resolves with the first event of that type, and with those words; rejects when the run ends without one. */
  event(type: string, words?: RegExp): Promise<AdapterRuntimeEvent>;
  /** Resolves when the transcript has that text; rejects when the run ends without it. */
  said(text: string): Promise<void>;
  /** The host's Stop. */
  cancel(reason?: string): void;
}

export const SESSION = "11111111-2222-4333-8444-555555555555";
export const INIT = `echo '{"type":"system","subtype":"init","session_id":"${SESSION}","model":"test-model"}'`;
export const RESULT = `echo '{"duration_api_ms":1,"session_id":"${SESSION}","type":"result","subtype":"success","is_error":false,"result":"all done","num_turns":1,"total_cost_usd":0.25,"usage":{"input_tokens":7,"output_tokens":5}}'`;

export function startRun(place: Place, options: RunOptions): TestRun {
  const { context, dependencies, ...more } = options;
  const settings = settingsOf(place, { ...(context?.agent ? { agentId: context.agent.id } : {}), ...more });
  const { runId, agentId } = settings;
  const statuses: string[] = [];
  const out = { stdout: "", stderr: "" };
  const events: AdapterRuntimeEvent[] = [];
  const listeners = new Set<() => void>();
  const changed = (): void => {
    for (const listener of [...listeners]) listener();
  };
  const stop = new AbortController();
  const ctx: AdapterExecutionContext = {
    ...contextOf(settings, {
      signal: stop.signal,
      onLog: (stream, chunk) => {
        if (chunk.startsWith("[paperclip]")) statuses.push(chunk.trimEnd());
        else out[stream] += chunk;
        changed();
        return Promise.resolve();
      },
      onEvent: (event) => {
        events.push(event);
        changed();
        return Promise.resolve();
      },
    }),
    ...context,
  };
  const { paperclip } = place;
  if (!paperclip.status(runId)) paperclip.set(runId, "running");
  const result = execute(ctx, {
    env: SERVER_ENV,
    readPolicy: trustAgents,
    paperclipUrl: () => paperclip.url,
    ...dependencies,
  }).then((ended) => {
    paperclip.ended(runId, ended);
    return ended;
  });
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
    token: ctx.authToken ?? "",
    result,
    stdout: () => out.stdout,
    stderr: () => out.stderr,
    statuses,
    events,
    event: (type, words = /^/) =>
      until(
        () => events.find(({ eventType, message }) => eventType === type && words.test(message ?? "")),
        `an event ${type} (${words})`,
      ),
    said: (text) => until(() => (out.stdout.includes(text) ? null : undefined), `"${text}"`).then(() => undefined),
    cancel: (reason = "Cancelled by a board operator") => stop.abort(new Error(reason)),
  };
}
