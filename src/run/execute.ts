/**
 * The story of a run: plan, claim, launch or adopt, observe and follow, conclude. Whatever goes wrong on the way becomes
 * part of the evidence, and the verdict on it is what the host gets: this function does not reject.
 *
 * Each chapter is a folder, and takes and gives values: `RunPlan` (plan), `Claim` (claim), `LaunchedRun` (launch or an
 * adoption), `Evidence` (observe, follow, stop), `Verdict` and the host's result (conclude).
 */
import type { AdapterExecutionContext, AdapterExecutionResult } from "@paperclipai/adapter-utils";
import { raceSignal } from "race-signal";
import type { ClusterLease } from "../kubernetes/cluster-registry.ts";
import { createHost } from "../paperclip/host.ts";
import { createRunStatusReader } from "../paperclip/run-status.ts";
import { inPaperclipServer } from "../paperclip/server.ts";
import { createTaskAssigneeReader } from "../paperclip/task-assignee.ts";
import { createTokenOwnerReader } from "../paperclip/token-owner.ts";
import { govern } from "../policy/policy.ts";
import { claim, createOwnershipReader } from "./claim/claim.ts";
import { abandon, conclude, finishInBackground, refuse, withdrawal } from "./conclude/conclude.ts";
import { followRun } from "./follow/follow.ts";
import { awaitStart, keepBundles, launch } from "./launch/launch.ts";
import { measured, type RunMeter } from "./measure/measure.ts";
import {
  hasEnded,
  JobView,
  type ObservedRun,
  observeRun,
  observerOf,
  readReturn,
  requireVisibility,
  tellRetries,
  untilCauseIsKnown,
  untilPodLost,
  untilVisibilityLost,
  withEarlierPod,
} from "./observe/observe.ts";
import { prepare, type RunPlan } from "./plan/plan.ts";
import type { RunContext } from "./run-context.ts";
import { faultOf } from "./shared/api-advice.ts";
import { type Dependencies, realDependencies } from "./shared/dependencies.ts";
import { type JobInCluster, type LaunchedRun, launchedRun } from "./shared/launched-run.ts";
import { tellOnce } from "./shared/tell-once.ts";
import { createStopSignal, enforceStop } from "./stop/stop.ts";
import { announceAdoption, announceJob, announceReturn, planPage, tellRun } from "./tell/tell.ts";
import { judge } from "./verdict/verdict.ts";

export async function execute(
  ctx: AdapterExecutionContext,
  overrides: Partial<Dependencies> = {},
): Promise<AdapterExecutionResult> {
  const deps = { ...realDependencies(), ...overrides };
  return measured(deps.telemetry, ctx, (meter) => executeMeasured(ctx, deps, meter));
}

async function executeMeasured(
  ctx: AdapterExecutionContext,
  deps: Dependencies,
  meter: RunMeter,
): Promise<AdapterExecutionResult> {
  const host = createHost(ctx);
  const runEnded = new AbortController();
  const launching = new AbortController();
  let lease: ClusterLease | null = null;
  let stopSignal = ctx.signal;
  try {
    await ctx.onCancellationReady?.();
    const agent = govern(ctx.config, await deps.readPolicy(deps.env), whoOf(ctx));
    const page = await planPage(ctx.runId, deps);
    lease = await deps.clusters.acquire(agent.cluster);
    const record = { url: deps.paperclipUrl(ctx.agent), token: ctx.authToken };
    const readStatus = createRunStatusReader(record);
    const readAssignee = createTaskAssigneeReader(record);
    const { cancellations } = deps;
    stopSignal = createStopSignal({
      ctx,
      record,
      readStatus,
      cancellations,
      warn: host.status,
      runEnded: runEnded.signal,
    });
    const readers = { readStatus, readAssignee };
    return await runToItsEnd({ ctx, agent, lease, deps, host, ...readers, page, meter, stopSignal, launching });
  } catch (error) {
    return refuse(error, stopSignal);
  } finally {
    runEnded.abort();
    launching.abort();
    await lease?.release();
  }
}

const whoOf = ({ agent: { id: agentId, companyId } }: AdapterExecutionContext) => ({ agentId, companyId });

async function runToItsEnd(context: RunContext): Promise<AdapterExecutionResult> {
  const { ctx, agent, lease, deps, host, readStatus, meter, stopSignal, launching } = context;
  const { client } = lease;
  void tellRetries(client, host, launching.signal);
  const plan = meter.planned(await prepare(ctx, agent, client, deps, stopSignal));
  // The watches begin while the slot is claimed: what is launched must be visible.
  const stopWatching = observerOf(lease, plan).hold();
  try {
    const run = await launchOrAdopt(context, plan);
    launching.abort();
    const collection = {
      inServer: inPaperclipServer(deps.env),
      runId: ctx.runId,
      readStatus,
      acquire: () => deps.clusters.acquire(agent.cluster),
    };
    try {
      deps.onJob?.({ cluster: agent.cluster, namespace: plan.namespace });
      const observed = await observePods(context, plan, run);
      meter.delivered();
      using view = new JobView(observerOf(lease, plan, run), run.uid, client.clock);
      const newestJob = () => view.newest;
      return await conclude({ client, run, observed, plan, host, stopSignal, collection, newestJob });
    } catch (error) {
      // A bug of the adapter; the agent may be alive.
      return abandon(error, run);
    }
  } finally {
    stopWatching();
  }
}

/** The Job of this run: a new one, or one that an earlier process or run has begun. Waits for its turn. */
async function launchOrAdopt(context: RunContext, plan: RunPlan): Promise<LaunchedRun> {
  const { ctx, deps, lease, host, readStatus, readAssignee, meter, stopSignal } = context;
  const { client } = lease;
  const observer = observerOf(lease, plan);
  const readTokenOwner = createTokenOwnerReader({ url: deps.paperclipUrl(ctx.agent) });
  const readOwnership = createOwnershipReader({ client, installation: plan.installation, readTokenOwner });
  const tell = (message: string): void => tellOnce(deps.log, message);
  const readers = { readStatus, readAssignee, readOwnership };
  for (let invoked = false; ; invoked = true) {
    const claimed = await claim({ client, observer, plan, ...readers, tellOnce: tell, host, signal: stopSignal });
    if (claimed.kind === "adopted") {
      const run = launchedRun(claimed.job, plan);
      meter.adopted(claimed.job, claimed.from);
      await announceAdoption(host, plan, run, claimed.from);
      return run;
    }
    await requireVisibility(client, observer, stopSignal);
    if (!invoked) {
      await host.invocation(plan.meta);
      host.dispatched();
      if (plan.workspace.kind === "empty" && plan.workspace.warning) await host.status(plan.workspace.warning);
    }
    const onLeft = (job: JobInCluster): Promise<void> => leaveBehind(context, job);
    const turn = { observer, host, onWaiting: meter.waitingForTurn, onLeft, since: claimed.queued };
    const launched = await launch(client, plan, claimed.existing, readOwnership, stopSignal, turn);
    if (launched.kind === "not-elected") continue;
    meter.launched(launched.run.object);
    await announceJob(host, launched.run);
    return launched.run;
  }
}

/** The result is out, and the cluster has not taken the run's Job back yet. */
async function leaveBehind({ agent, deps }: RunContext, job: JobInCluster): Promise<void> {
  await finishInBackground(() => deps.clusters.acquire(agent.cluster), withdrawal(job));
}

/** One pod, or one after the other where a queue takes them back. */
async function observePods(context: RunContext, plan: RunPlan, run: LaunchedRun): Promise<ObservedRun> {
  for (let before: ObservedRun | undefined; ; ) {
    const { observed, takenBack } = await observeToEnd(context, plan, run, before);
    if (!takenBack) return observed;
    context.meter.requeued();
    await announceReturn(context.host, run, observed, takenBack.why);
    before = withEarlierPod(observed, takenBack.why);
  }
}

interface ObservedPod {
  readonly observed: ObservedRun;
  /** Its queue has taken the pod back, and lets a new one start; null: the run is over. */
  readonly takenBack: { readonly why: string | null } | null;
}

/** Observes the run until its agent has ended and its transcript is delivered, or until the run is detached. */
async function observeToEnd(
  context: RunContext,
  plan: RunPlan,
  run: LaunchedRun,
  before: ObservedRun | undefined,
): Promise<ObservedPod> {
  const { ctx, host, page, meter, stopSignal, lease } = context;
  const { client } = lease;
  const { clock } = client;
  const runEnded = new AbortController();
  const observer = observerOf(lease, plan, run);
  const { observed, synced, findPod, stop: stopObserving } = observeRun(client, observer, run, runEnded.signal, before);
  const stopTracking = meter.track(observed);
  const reporter = tellRun({
    host,
    onLog: ctx.onLog,
    page: before && page.form === "text" ? { ...page, goesOn: true } : page,
    observed,
    observer,
    terms: run.terms,
    maxBytes: plan.transcriptBytes,
    clock,
    signal: runEnded.signal,
  });
  const stop = enforceStop({ client, runId: ctx.runId, run, observed, stopSignal, runEnded: runEnded.signal });
  const { detached } = stop;
  untilVisibilityLost(client, observer, host, runEnded.signal).then(stop.detach, () => "the run is over");
  untilPodLost(observed, findPod, clock, runEnded.signal).then(stop.giveUpPod, () => "the run is over");
  let takenBack: ObservedPod["takenBack"] = null;
  // Before the watches have synced, a pod that was not observed may exist, and may even have ended.
  const begun = raceSignal(synced, detached);
  // Also a run that was detached before that has a transcript: what of it is missing is part of the evidence.
  const following = begun
    .catch(() => "told below")
    .then(() =>
      followRun({ client, run, observed, sink: reporter.transcript, telemetry: meter.telemetry, signal: detached }),
    );
  try {
    await begun;
    await awaitStart(client, run, observed, plan, findPod, detached, keepBundles(client, plan, run));
    const { gaveUp } = observed.evidence.acts;
    if (gaveUp) stop.stopAgent(gaveUp.waiting.reason);
    await observed.until(() => hasEnded(observed.evidence), detached);
    await following;
    await untilCauseIsKnown(observed, clock, runEnded.signal);
    // An agent that had finished in its grace has nothing to go on with.
    if (judge(observed.evidence).kind !== "completed")
      takenBack = await readReturn(client, run, observed, runEnded.signal);
  } catch (error) {
    // The Job exists: whatever went wrong on the adapter's side, its agent may be alive.
    const about = { code: "k8s_observation_lost", doing: "The run can no longer be observed", at: clock.now() };
    if (!detached.aborted) stop.detach(faultOf(error, about));
    await following;
  } finally {
    runEnded.abort();
    stopObserving();
    stopTracking();
    await reporter.stop();
  }
  return { observed, takenBack };
}
