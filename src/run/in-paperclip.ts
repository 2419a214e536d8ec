/** A run inside the real Paperclip: what the host needs around the run itself. */
import type { AdapterExecutionContext, AdapterExecutionResult } from "@paperclipai/adapter-utils";
import { ConfigError } from "../config/config-error.ts";
import { autoRecovery } from "../config/operator.ts";
import { commentOnTask } from "../paperclip/comment.ts";
import { continuationEvidence, withContinuation } from "../paperclip/continuation.ts";
import { adviceOnFailure, holdsTask } from "../paperclip/reconciliation.ts";
import { readWake } from "../paperclip/wake.ts";
import { refuse } from "./conclude/conclude.ts";
import { execute } from "./execute.ts";
import { measured } from "./measure/measure.ts";
import { type Dependencies, realDependencies } from "./shared/dependencies.ts";
import { addActiveRun, type Place, placesOfRuns, removeActiveRun } from "./supervise/supervise.ts";

export async function runInPaperclip(
  ctx: AdapterExecutionContext,
  overrides: Partial<Dependencies> = {},
): Promise<AdapterExecutionResult> {
  const deps = { ...realDependencies(), ...overrides };
  const { env } = deps;
  const recovers = autoRecovery(env);
  const continued = (result: AdapterExecutionResult): AdapterExecutionResult =>
    recovers ? withContinuation(result) : result;
  // Paperclip has no local environment for this run: it would go to a sandbox of Paperclip's own (measured: null then).
  if (ctx.executionTarget === null)
    return continued(
      await measured(deps.telemetry, ctx, () => Promise.resolve(refuse(environmentNotLocal(), ctx.signal))),
    );
  addActiveRun(ctx.runId);
  let left = false;
  const evidence = emitContinuationEvidence(recovers ? ctx : {});
  try {
    const onJob = (place: Place): void => placesOfRuns.add(place);
    const result = await execute({ ...ctx, ...evidence.callbacks }, { ...overrides, onJob });
    left = result.resultJson?.verdict === "detached";
    if (!recovers && holdsTask(result)) await tellWhatToDo(ctx, deps);
    return continued(result);
  } finally {
    evidence.end();
    removeActiveRun(ctx.runId, left);
  }
}

/** Of a task's run; without a task nothing is held back. */
async function tellWhatToDo(ctx: AdapterExecutionContext, { paperclipUrl }: Dependencies): Promise<void> {
  const { taskId } = readWake(ctx);
  const { authToken: token, runId } = ctx;
  const url = paperclipUrl(ctx.agent);
  if (!taskId || !token || !url) return;
  const signal = ctx.signal ?? new AbortController().signal;
  const problem = await commentOnTask({ url, token, taskId, body: adviceOnFailure(taskId, runId), signal });
  if (problem)
    console.warn(`[claude_k8s] Task ${taskId} waits for you, and its page could not be told why: ${problem}`);
}

export function environmentNotLocal(): ConfigError {
  return new ConfigError([
    {
      field: "The agent's environment",
      problem:
        "is not a local one: Paperclip runs it in a sandbox of its own (as PAPERCLIP_EXECUTION_MODE=kubernetes makes it do for every agent), but claude_k8s creates its Jobs itself",
      fix: "Unset PAPERCLIP_EXECUTION_MODE in the server's environment, or choose the environment Local for this agent. To use Paperclip's own sandboxes instead, change the agent's type to claude_local.",
    },
  ]);
}

/** Milliseconds that a run may take until it reports what it invokes, before the evidence comes first. */
const EVIDENCE_WITHIN_MS = 2_000;

/**
 * Emits the event by which the host continues a lost run, right after the run has reported what it invokes: the page shows
 * the first `adapter.invoke` of a run as its invocation. When that takes long the event comes first: a run that is lost
 * meanwhile is to be continued too. A host that fails on it does not end the run.
 */
function emitContinuationEvidence({ onEvent, onMeta }: Pick<AdapterExecutionContext, "onEvent" | "onMeta">) {
  if (!onEvent) return { callbacks: {}, end: () => {} };
  let emitted = false;
  const emit = async (): Promise<void> => {
    if (emitted) return;
    emitted = true;
    await onEvent(continuationEvidence).catch(() => undefined);
  };
  const late = setTimeout(() => void emit(), EVIDENCE_WITHIN_MS);
  const invocation: AdapterExecutionContext["onMeta"] = async (meta) => {
    try {
      await onMeta?.(meta);
    } finally {
      await emit();
    }
  };
  return { callbacks: { onMeta: invocation }, end: () => clearTimeout(late) };
}
