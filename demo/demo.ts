/** The story of the demo: a cluster, a model, one run, its verdict, and nothing left behind. */
import { once } from "node:events";
import { KubernetesClient } from "../src/kubernetes/client.ts";
import { openCluster } from "../src/kubernetes/cluster.ts";
import { BUNDLES, jobName, LABELS } from "../src/run/shared/names.ts";
import type { DemoEvent } from "./demo-event.ts";
import { leaveNothing } from "./leftovers.ts";
import { openModel } from "./model.ts";
import { openPlace } from "./open-place.ts";
import type { DemoOptions } from "./options.ts";
import type { Place } from "./place.ts";
import { layDownPolicy } from "./policy.ts";
import { type RunInput, type RunOutcome, runOnce, selectorOf } from "./run-once.ts";
import { hasSucceeded } from "./show/verdict.ts";

/** How the run ended: by itself, or because the user wanted to stop. */
export type Ending = "succeeded" | "failed" | "interrupted";

export interface Surroundings {
  /** The user's own key, for --live. */
  readonly apiKey: string | null;
  readonly tell: (event: DemoEvent) => void;
  /** Aborted when the user wants to stop. */
  readonly signal: AbortSignal;
}

/** Throws DemoError, and what the adapter's cluster access throws. */
export async function demo(options: DemoOptions, { apiKey, tell, signal }: Surroundings): Promise<Ending> {
  await using opened = new AsyncDisposableStack();
  tell({ event: "progress", text: options.cluster ? "reaching the cluster" : "starting the devcluster" });
  const place = opened.adopt(await openPlace(options), (value) => value.stop());
  opened.use(await layDownPolicy(place));
  const way = await openCluster({ kubeconfig: place.kubeconfig, context: place.context ?? undefined });
  const cluster = opened.adopt(way, (value) => value.close());
  const client = new KubernetesClient(cluster, { userAgent: "claude-k8s-demo" });
  const version = await client.version({ signal, retryForMs: 0 });
  const pods = { local: place.local, apiServerHost: cluster.server.hostname };
  const model = opened.adopt(await openModel({ ...options, apiKey }, pods), (value) => value.stop());
  const namespace = place.namespace ?? cluster.namespace;
  const about = [`Kubernetes ${version.gitVersion}`, place.remark].filter(Boolean).join("; ");
  tell({ event: "setting", name: "cluster", text: `${place.name} at ${cluster.server.origin} (${about})` });
  tell({ event: "setting", name: "model", text: model.sentence });
  tell({ event: "setting", name: "image", text: place.image });
  tell({ event: "setting", name: "prompt", text: options.prompt });
  if (place.local && model.kind !== "scripted")
    tell({ event: "note", text: "The devcluster gives no isolation: what Claude runs, runs on this machine." });

  const input: RunInput = { options, place, model, client, namespace, tell, signal };
  const outcome = await runOnce(input);
  const { result, durations } = outcome;
  const ending = signal.aborted ? "interrupted" : hasSucceeded(result) ? "succeeded" : "failed";
  tell({ event: "verdict", result, durations, billed: model.kind !== "scripted" });
  if (options.keep) await keep(place, namespace, outcome, tell, signal);
  else {
    tell({ event: "progress", text: "looking for anything left behind" });
    const { ctx } = outcome;
    const sharedSelector = `${BUNDLES},${LABELS.companyId}=${ctx.agent.companyId}`;
    const run = {
      namespace,
      jobName: jobName(ctx.agent.id, ctx.runId),
      labelSelector: selectorOf(ctx),
      sharedSelector,
    };
    tell(await leaveNothing(client, run));
  }
  return ending;
}

async function keep(
  place: Place,
  namespace: string,
  { ctx }: RunOutcome,
  tell: (event: DemoEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const name = jobName(ctx.agent.id, ctx.runId);
  const look = `kubectl --kubeconfig ${place.kubeconfig} -n ${namespace} describe job/${name}`;
  tell({
    event: "left-behind",
    objects: [`job/${name}`],
    checked: true,
    text: `Job, pod and Secret are kept: ${look}`,
  });
  if (!place.local || signal.aborted) return;
  tell({ event: "progress", text: "the devcluster stays until Ctrl-C" });
  await once(signal, "abort");
}
