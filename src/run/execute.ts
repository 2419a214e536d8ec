/**
 * The story of a run: plan, claim, launch or take over, follow, conclude. Whatever goes wrong on the way becomes part of
 * the evidence, and the verdict on it is what the host gets: this function does not reject.
 */
import type { AdapterExecutionContext, AdapterExecutionResult } from "@paperclipai/adapter-utils";
import { type ParsedAgentConfig, parseAgentConfig } from "../config/agent-config.ts";
import type { ClusterLease } from "../kubernetes/cluster-registry.ts";
import { createHost, type Host } from "../paperclip/host.ts";
import { createRunStatusReader, type ReadRunStatus } from "../paperclip/run-status.ts";
import { announceJob, announceTakeOver } from "./tell/announce.ts";
import { faultOf } from "./shared/api-advice.ts";
import { awaitStart } from "./launch/await-start.ts";
import { type Claimed, claim } from "./claim/claim.ts";
import { collectWhenRecorded } from "./conclude/collect.ts";
import { conclude, refuse } from "./conclude/conclude.ts";
import { type Dependencies, realDependencies } from "./shared/dependencies.ts";
import { causeIsPending, hasEnded } from "./observe/end-of-run.ts";
import { followRun } from "./follow/follow.ts";
import { launch } from "./launch/launch.ts";
import { type LaunchedJob, launchedJob } from "./shared/launched-run.ts";
import { podLook } from "./observe/find-pod.ts";
import { narrate } from "./tell/progress.ts";
import { type Page, planPage } from "./tell/page/page.ts";
import { OURS } from "./shared/names.ts";
import type { RunPlan } from "./plan/run-plan.ts";
import { termsOf } from "./shared/run-terms.ts";
import { clusterOf, prepare } from "./plan/plan.ts";
import { createRecord, type RunRecord } from "./observe/observed-run.ts";
import { showLife } from "./tell/silence.ts";
import { inSight, outOfSight } from "./observe/visibility.ts";
import { hearStopOrders } from "./stop/stop-signal.ts";
import { obeyStopRequests } from "./stop/stop.ts";
import { watchRun } from "./observe/watch-run.ts";

/** Milliseconds that the cluster gets to say why a container ended. */
const CAUSE_WITHIN_MS = 5_000;

/** What all steps of a run share. */
interface Run {
  readonly ctx: AdapterExecutionContext;
  readonly agent: ParsedAgentConfig;
  readonly lease: ClusterLease;
  readonly deps: Dependencies;
  readonly host: Host;
  readonly readStatus: ReadRunStatus;
  readonly page: Page;
  /** Aborts when the run is to be stopped or left; its reason tells which. */
  readonly orders: AbortSignal;
}

export async function execute(
  ctx: AdapterExecutionContext,
  given: Partial<Dependencies> = {},
): Promise<AdapterExecutionResult> {
  const deps = { ...realDependencies(), ...given };
  const host = createHost(ctx);
  const over = new AbortController();
  let lease: ClusterLease | null = null;
  let orders = ctx.signal;
  try {
    await ctx.onCancellationReady?.();
    const agent = parseAgentConfig(ctx.config);
    const page = await planPage(ctx.runId, deps);
    lease = await deps.clusters.acquire(clusterOf(agent));
    const { clock, random } = lease.client;
    const readStatus = createRunStatusReader({ url: deps.paperclipUrl(ctx.agent), token: ctx.authToken });
    const tell = host.status;
    orders = hearStopOrders({ runId: ctx.runId, host: ctx.signal, readStatus, tell, over: over.signal, clock, random });
    return await runOn({ ctx, agent, lease, deps, host, readStatus, page, orders });
  } catch (error) {
    return refuse(error, orders);
  } finally {
    over.abort();
    await lease?.release();
  }
}

async function runOn(run: Run): Promise<AdapterExecutionResult> {
  const { ctx, agent, lease, deps, host, readStatus, orders } = run;
  const { client } = lease;
  const plan = await prepare(ctx, agent, client, deps, orders);
  // Begins to look while the slot is claimed: what is started must be in sight.
  const stopLooking = lease.observer(plan.namespace, OURS).observe(
    () => false,
    () => undefined,
  );
  try {
    const claimed = await claim({ client, plan, readStatus, tell: host.status, signal: orders });
    const job = await begin(run, plan, claimed);
    return await see(run, plan, job);
  } finally {
    stopLooking();
  }
}

/** From the Job that there is to the result. */
async function see(run: Run, plan: RunPlan, job: LaunchedJob): Promise<AdapterExecutionResult> {
  const { client } = run.lease;
  const terms = termsOf(job.object, plan);

  const record = createRecord(terms.facts);
  record.add({ kind: "job", job: job.object, deleted: false, at: client.clock.now() });
  await follow(run, plan, job, record, terms.graceSec);
  const { ctx, agent, deps, readStatus } = run;
  const acquire = () => deps.clusters.acquire(clusterOf(agent));
  const collectLater = (one: LaunchedJob) => collectWhenRecorded({ deps, runId: ctx.runId, readStatus, acquire }, one);
  return conclude({
    client,
    job,
    record,
    plan,
    session: terms.session,
    host: run.host,
    orders: run.orders,
    collectLater,
  });
}

/** The Job of this run: a new one, or one that an earlier process or run has begun. */
async function begin({ lease, host, orders }: Run, plan: RunPlan, claimed: Claimed): Promise<LaunchedJob> {
  if (claimed.kind === "taken-over") {
    const job = launchedJob(claimed.job);
    await announceTakeOver(host, plan, job, claimed.from);
    return job;
  }
  await inSight(lease.client, lease.observer(plan.namespace, OURS), orders);
  await host.invocation(plan.meta);
  host.dispatched();
  const job = await launch(lease.client, plan, claimed.existing, orders);
  await announceJob(host, job);
  return job;
}

/** Until the agent has ended and all it said is delivered, or nobody is to wait for it any more. */
async function follow(run: Run, plan: RunPlan, job: LaunchedJob, record: RunRecord, graceSec: number): Promise<void> {
  const { ctx, host, page, orders } = run;
  const { client } = run.lease;
  const over = new AbortController();
  const observer = run.lease.observer(plan.namespace, OURS);
  const look = podLook(client, observer, job);
  const watch = watchRun(client, observer, job, record, look, over.signal);
  const stopTelling = narrate(record, host);
  const obeying = obeyStopRequests({ client, runId: ctx.runId, job, record, graceSec, orders, over: over.signal });
  const { detached } = obeying;
  outOfSight(client, observer, host, over.signal).then(obeying.leave, () => "the run is over");
  const life = showLife(record, host, client.clock, over.signal);
  let following = Promise.resolve();
  try {
    // Before that nothing can be said of a pod that is not seen: it may be there, and even have ended.
    await unlessAborted(watch.synced, detached);
    following = followRun({ client, job, record, ctx, host, page, signal: detached, heard: life.heard });
    await awaitStart(client, job, record, plan, look, detached);
    if (record.evidence.acts.gaveUp) obeying.stop(record.evidence.acts.gaveUp.waiting.reason);
    await record.until(() => hasEnded(record.evidence), detached);
    await following;
    await causeOfEnd(record, client.clock.sleep(CAUSE_WITHIN_MS, over.signal), over.signal);
  } catch (error) {
    // The Job is there: whatever went wrong on our side, its agent may be alive.
    const about = { code: "k8s_observation_lost", doing: "The run was lost from sight", at: client.clock.now() };
    if (!detached.aborted) obeying.leave(faultOf(error, about));
    await following;
  } finally {
    over.abort();
    watch.stop();
    await stopTelling();
  }
}

/** Lets the cluster say why, where it is about to; a bound holds where it never does. */
async function causeOfEnd(record: RunRecord, bound: Promise<void>, signal: AbortSignal): Promise<void> {
  const told = record.until(() => !causeIsPending(record.evidence), signal);
  await Promise.race([told, bound]).catch(() => undefined);
  told.catch(() => undefined);
  bound.catch(() => undefined);
}

async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  await Promise.race([work, promise]).finally(() => signal.removeEventListener("abort", abort));
}
