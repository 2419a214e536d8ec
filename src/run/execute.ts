/**
 * The story of a run: plan, claim, launch, follow, conclude. Whatever goes wrong on the way becomes part of the
 * evidence, and the verdict on it is what the host gets: this function does not reject.
 */
import type { AdapterExecutionContext, AdapterExecutionResult } from "@paperclipai/adapter-utils";
import { type ParsedAgentConfig, parseAgentConfig } from "../config/agent-config.ts";
import type { ClusterLease } from "../kubernetes/cluster-registry.ts";
import { createHost, type Host } from "../paperclip/host.ts";
import { awaitStart } from "./await-start.ts";
import { claim } from "./claim/claim.ts";
import { conclude, refuse } from "./conclude.ts";
import { type Dependencies, realDependencies } from "./dependencies.ts";
import { causeIsPending, hasEnded } from "./end-of-run.ts";
import { followRun } from "./follow-run.ts";
import { type LaunchedJob, launch } from "./launch.ts";
import { narrate } from "./narrate.ts";
import { OURS } from "./plan/names.ts";
import type { RunPlan } from "./plan/plan.ts";
import { clusterOf, prepare } from "./prepare.ts";
import { createRecord, type RunRecord } from "./record.ts";
import { obeyStopRequests } from "./stop-requests.ts";
import { watchRun } from "./watch-run.ts";

/** Milliseconds that the cluster gets to say why a container ended. */
const CAUSE_WITHIN_MS = 5_000;

export async function execute(
  ctx: AdapterExecutionContext,
  given: Partial<Dependencies> = {},
): Promise<AdapterExecutionResult> {
  const deps = { ...realDependencies(), ...given };
  const host = createHost(ctx);
  let lease: ClusterLease | null = null;
  try {
    await ctx.onCancellationReady?.();
    const agent = parseAgentConfig(ctx.config);
    lease = await deps.clusters.acquire(clusterOf(agent));
    return await runOn(lease, ctx, agent, deps, host);
  } catch (error) {
    return refuse(error, ctx);
  } finally {
    await lease?.release();
  }
}

async function runOn(
  { client, observer }: ClusterLease,
  ctx: AdapterExecutionContext,
  agent: ParsedAgentConfig,
  deps: Dependencies,
  host: Host,
): Promise<AdapterExecutionResult> {
  const cancelled = ctx.signal ?? new AbortController().signal;
  const plan = await prepare(ctx, agent, client, deps, cancelled);
  await host.invocation(plan.meta);
  const existing = await claim({ client, namespace: plan.namespace, identity: plan.identity, signal: cancelled });
  host.dispatched();
  const job = await launch(client, plan, existing, cancelled);
  await announce(host, plan, job);

  const record = createRecord(plan.facts);
  record.add({ kind: "job", job: job.object, deleted: false, at: client.clock.now() });
  const over = new AbortController();
  const stopWatching = watchRun(client, observer(plan.namespace, OURS), job, record, over.signal);
  const stopTelling = narrate(record, host);
  const obeying = obeyStopRequests({ client, job, record, plan, cancelled, over: over.signal });
  try {
    const following = followRun({ client, job, record, ctx, host, signal: obeying.detached });
    await awaitStart(client, job, record, plan, obeying.detached);
    if (record.evidence.acts.gaveUp) obeying.stop(record.evidence.acts.gaveUp.waiting.reason);
    await record.until(() => hasEnded(record.evidence), obeying.detached);
    await following;
    await causeOfEnd(record, client.clock.sleep(CAUSE_WITHIN_MS, over.signal), over.signal);
  } catch (error) {
    if (!obeying.detached.aborted) throw error;
  } finally {
    over.abort();
    stopWatching();
    await stopTelling();
  }
  return conclude({ client, job, record, plan, host });
}

async function announce(host: Host, plan: RunPlan, job: LaunchedJob): Promise<void> {
  const image = plan.job.spec?.template.spec?.containers[0]?.image;
  await host.notice({
    type: "k8s.job.created",
    message: `Job ${job.name} created in namespace ${job.namespace}`,
    payload: { namespace: job.namespace, job: job.name, uid: job.uid, image },
  });
  await host.status(`Job ${job.namespace}/${job.name} created (image ${image})`);
}

/** Lets the cluster say why, where it is about to; a bound holds where it never does. */
async function causeOfEnd(record: RunRecord, bound: Promise<void>, signal: AbortSignal): Promise<void> {
  const told = record.until(() => !causeIsPending(record.evidence), signal);
  await Promise.race([told, bound]).catch(() => undefined);
  told.catch(() => undefined);
  bound.catch(() => undefined);
}
