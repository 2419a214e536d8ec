/** A run inside the real Paperclip: what the host needs to be told around the run itself. */
import type { AdapterExecutionContext, AdapterExecutionResult } from "@paperclipai/adapter-utils";
import { ConfigError } from "../config/config-error.ts";
import { autoRecovery } from "../config/operator.ts";
import { continuationEvidence, withContinuation } from "../paperclip/continuation.ts";
import { refuse } from "./conclude.ts";
import { type Dependencies, realDependencies } from "./dependencies.ts";
import { execute } from "./execute.ts";
import { activeRuns } from "./supervise/active-runs.ts";
import { placesFile, rememberPlace } from "./supervise/places.ts";

export async function runInPaperclip(
  ctx: AdapterExecutionContext,
  given: Partial<Dependencies> = {},
): Promise<AdapterExecutionResult> {
  const { env } = { ...realDependencies(), ...given };
  const recovers = autoRecovery(env);
  const continued = (result: AdapterExecutionResult): AdapterExecutionResult =>
    recovers ? withContinuation(result) : result;
  // Paperclip has no local environment for this run: it would go to a sandbox of Paperclip's own (measured: null then).
  if (ctx.executionTarget === null) return continued(refuse(notLocal(), ctx.signal));
  activeRuns.add(ctx.runId);
  try {
    if (recovers) await Promise.all([stateEvidence(ctx), remember(ctx, env)]);
    return continued(await execute(ctx, given));
  } finally {
    activeRuns.delete(ctx.runId);
  }
}

function notLocal(): ConfigError {
  return new ConfigError([
    {
      field: "The agent's environment",
      problem:
        "is not a local one: Paperclip wants to run it in a sandbox of its own (PAPERCLIP_EXECUTION_MODE=kubernetes does that to every agent), and claude_k8s creates its Jobs itself",
      fix: "Unset PAPERCLIP_EXECUTION_MODE in the server's environment, or choose the environment Local for this agent. To use Paperclip's own sandboxes instead, change the agent's type to claude_local.",
    },
  ]);
}

/** Before anything else, so that a run that is lost a moment later can be continued. What the host does with it never ends a run. */
async function stateEvidence({ onEvent }: AdapterExecutionContext): Promise<void> {
  await onEvent?.(continuationEvidence)?.catch?.(() => undefined);
}

/** So that a later process finds this run's Job. Only in a server: tests and demos have no later process. */
async function remember({ config }: AdapterExecutionContext, env: NodeJS.ProcessEnv): Promise<void> {
  if (!env.PAPERCLIP_LISTEN_PORT) return;
  const text = (value: unknown): string | null =>
    typeof value === "string" && value.trim() !== "" ? value.trim() : null;
  const place = {
    kubeconfig: text(config.kubeconfig),
    context: text(config.kubeContext),
    namespace: text(config.namespace),
  };
  await rememberPlace(placesFile(env), place).catch((error: unknown) =>
    console.warn(`[claude_k8s] Cannot remember where Jobs are: ${error instanceof Error ? error.message : error}`),
  );
}
