/**
 * Starts the run's Job: the Job, suspended, and meanwhile the bundles that it shares with others; an election between the
 * candidates of its slot; its Secret, owned by the Job; then the Job is let go. Every write is idempotent. A crash between
 * any two leaves a Job that never started and takes its Secret with it.
 */
import { isDeepStrictEqual } from "node:util";
import type { Job } from "kubernetes-types/batch/v1";
import type { Secret } from "kubernetes-types/core/v1";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { jobs, secrets } from "../../kubernetes/resource-types.ts";
import { awaitElection, awaitTurn, isOwnedBy, type ReadOwnership, type TurnRequest, withdraw } from "../claim/claim.ts";
import {
  bundlesOf,
  DROPPED_FIX,
  droppedHardening,
  furnishHome,
  lacksImageVolume,
  lacksSidecars,
  type RunPlan,
  runTokenIn,
} from "../plan/plan.ts";
import { awayInWords } from "../shared/api-advice.ts";
import { delayAbort } from "../shared/delay-abort.ts";
import { isTokenOf, mayBeSignedBy } from "../shared/job-signature.ts";
import { isHeld, isOfRun, stateOf } from "../shared/job-state.ts";
import { type JobInCluster, jobInCluster, type LaunchedRun, launchedRun } from "../shared/launched-run.ts";
import { ANNOTATIONS } from "../shared/names.ts";
import { RunFault } from "../shared/run-fault.ts";
import { classifyStop } from "../stop/stop.ts";
import { provideBundles } from "./bundles/provide-bundles.ts";
import { create, failed, RETRY } from "./create.ts";
import { letGo } from "./let-go.ts";
import { type ClaimUse, type ProvidedClaim, provideClaim } from "./provide-claim.ts";

export { awaitStart, readEvents } from "./await-start.ts";
export { keepBundles } from "./bundles/keep-bundles.ts";
export { heldUntil } from "./bundles/lease.ts";
export { renewLeases } from "./bundles/renew-leases.ts";

/** @default a run that waits for no turn, as a probe */
export type Turns = Omit<TurnRequest, "client" | "plan"> & {
  /** Since when a run that this one continues had waited; null: it had not. */
  readonly since: string | null;
  /** Is given a Job of this run that could not be taken back, and that nobody will start. */
  readonly onLeft: (job: JobInCluster) => Promise<void>;
};

export type Launch =
  | { readonly kind: "launched"; readonly run: LaunchedRun }
  /** Another run was elected: nothing of this one is left, and it has to wait for that one. */
  | { readonly kind: "not-elected"; readonly elected: Job };

/**
 * `existing`: the Job of this run when an earlier attempt made it and did not start it. `turn`: how it waits for its turn.
 * Throws RunFault, or the signal's reason; then nothing of the run is alive, and nothing is left where the cluster could be
 * reached, but a detached run's place in the line.
 */
export async function launch(
  client: KubernetesClient,
  plan: RunPlan,
  existing: Job | null,
  readOwnership: ReadOwnership,
  signal: AbortSignal,
  turn?: Turns,
): Promise<Launch> {
  signal.throwIfAborted();
  if (plan.homeRequest) await furnishHome(plan.homeRequest, client.clock);
  signal.throwIfAborted();
  const lastAnswer = delayAbort(signal);
  const since = turn?.since ?? existing?.metadata?.annotations?.[ANNOTATIONS.queued] ?? null;
  const isReusable = existing !== null && isTokenOf(existing, plan.token) && hasBundlesOf(existing, plan);
  // Its Secret could not hold the token that it names, or its pod would wait for files that are no longer the run's.
  const startedBefore = existing && !isReusable ? await withdraw(client, jobInCluster(existing)) : null;
  if (startedBefore) return launched(startedBefore, plan);
  const over = new AbortController();
  try {
    const bundles = provideBundles(client, plan, AbortSignal.any([lastAnswer, over.signal]));
    // Awaited where the Job is taken back should they fail.
    bundles.catch(() => undefined);
    const job = jobInCluster(isReusable ? existing : await createJob(client, plan, since, lastAnswer, turn?.host));
    return await startJob({ client, plan, job, bundles, readOwnership, signal, lastAnswer, turn });
  } finally {
    over.abort();
  }
}

interface Start {
  readonly client: KubernetesClient;
  readonly plan: RunPlan;
  readonly job: JobInCluster;
  /** Resolves when they are there. */
  readonly bundles: Promise<void>;
  readonly readOwnership: ReadOwnership;
  readonly signal: AbortSignal;
  /** Aborts some seconds later. */
  readonly lastAnswer: AbortSignal;
  readonly turn: Turns | undefined;
}

/** Takes the Job back when it throws. */
async function startJob(start: Start): Promise<Launch> {
  const { client, plan, job, bundles, readOwnership, signal, lastAnswer, turn } = start;
  let claim: ProvidedClaim | null = null;
  try {
    signal.throwIfAborted();
    if (lacksSidecars(job.object)) throw withoutSidecars(client, plan);
    if (lacksImageVolume(plan.job, job.object)) throw withoutImageVolumes(client, plan);
    const dropped = droppedHardening(job.object, plan.hardening);
    if (dropped !== null) throw notHardened(client, dropped);
    const election = await awaitElection(client, plan, job, readOwnership, { ...RETRY, signal });
    if (election.kind === "lost") {
      const started = await withdraw(client, job);
      return started ? launched(started, plan) : { kind: "not-elected", elected: election.to };
    }
    claim = await claimOf(client, plan, { signal, lastAnswer });
    for (const note of claim?.notes ?? []) await turn?.host.status(note);
    await createSecret(client, plan, job, lastAnswer);
    await bundles;
    for (let seen = election.job; ; ) {
      if (turn) seen = { ...seen, object: await awaitTurn({ client, plan, ...turn }, seen, { ...RETRY, signal }) };
      // By an earlier call of this run, whose answer was lost.
      if (!isHeld(seen.object)) return launched(seen.object, plan);
      signal.throwIfAborted();
      // A turn may have taken hours.
      await provideBundles(client, plan, lastAnswer);
      const started = await letGo(client, seen, plan.queue, { ...RETRY, signal: lastAnswer });
      if (started.kind === "started") return launched(started.job, plan);
      seen = { ...seen, object: started.job };
    }
  } catch (error) {
    if (turn && signal.aborted && classifyStop(signal.reason).kind === "detach" && (await isInLine(client, job)))
      throw error;
    // It was unsuspended by a call whose answer was lost: the run goes on, and obeys a Stop as usual.
    const started = await withdraw(client, job).catch(async (left: unknown) => {
      await turn?.onLeft(job);
      throw left;
    });
    if (started) return launched(started, plan);
    await claim?.discard();
    throw error;
  }
}

const hasBundlesOf = (job: Job, { bundles }: RunPlan): boolean =>
  isDeepStrictEqual(
    bundlesOf(job),
    bundles.map(({ name }) => name),
  );

const launched = (job: Job, plan: RunPlan): Launch => ({ kind: "launched", run: launchedRun(job, plan) });

/** After the Job, so that a run that may not start leaves none. */
async function claimOf(
  client: KubernetesClient,
  plan: RunPlan,
  signals: Pick<ClaimUse, "signal" | "lastAnswer">,
): Promise<ProvidedClaim | null> {
  const { claimRequest: request, installation, identity } = plan;
  return request ? await provideClaim({ client, request, installation, runId: identity.runId, ...signals }) : null;
}

/** A later run takes its place in the line over. */
async function isInLine(client: KubernetesClient, { namespace, name, uid }: JobInCluster): Promise<boolean> {
  const job = await client.find(jobs, namespace, name, { retryForMs: 0 }).catch(() => "unknown" as const);
  // Nobody could say that it is not; should it be none, the supervisor removes it.
  if (job === "unknown") return true;
  return job?.metadata.uid === uid && job.metadata.annotations?.[ANNOTATIONS.queued] !== undefined;
}

async function createJob(
  client: KubernetesClient,
  plan: RunPlan,
  since: string | null,
  signal: AbortSignal,
  host: TurnRequest["host"] | undefined,
): Promise<Job> {
  const { metadata } = plan.job;
  const queued = since === null ? {} : { [ANNOTATIONS.queued]: since };
  return create(client, plan, signal, {
    type: jobs,
    object: { ...plan.job, metadata: { ...metadata, annotations: { ...metadata?.annotations, ...queued } } },
    isOurs: (job) =>
      isOfRun(job, plan.identity.runId) && stateOf(job) !== "leaving" && mayBeSignedBy(job, plan.installation),
    isLeaving: (job) => stateOf(job) === "leaving",
    code: "k8s_job_create_failed",
    tellAway: host && tellingAway(host),
  });
}

/** Once for each webhook. */
function tellingAway(host: TurnRequest["host"]): (webhook: string) => Promise<void> {
  const told = new Set<string>();
  return async (webhook) => {
    if (told.has(webhook)) return;
    told.add(webhook);
    const message = `Waiting for the API server: ${awayInWords(webhook)}`;
    await host.notice({ type: "k8s.api.waiting", level: "warn", message });
    await host.status(message);
  };
}

async function createSecret(
  client: KubernetesClient,
  plan: RunPlan,
  job: JobInCluster,
  signal: AbortSignal,
): Promise<void> {
  const owner = { apiVersion: "batch/v1", kind: "Job", name: job.name, uid: job.uid, controller: true };
  const owns = (secret: Secret) => isOwnedBy(secret, job.object);
  await create<Secret>(client, plan, signal, {
    type: secrets,
    object: { ...plan.secret, metadata: { ...plan.secret.metadata, ownerReferences: [owner] } },
    // Somebody else may have been quicker, who saw the Job.
    isOurs: (secret) => owns(secret) && isTokenOf(job.object, runTokenIn(secret)),
    // An earlier Job of the same name owned it: the garbage collector is on its way.
    isLeaving: (secret) => !owns(secret),
    code: "k8s_prompt_secret_create_failed",
  });
}

function withoutSidecars(client: KubernetesClient, plan: RunPlan): RunFault {
  const error = new Error(
    "the cluster has no sidecar containers (Kubernetes 1.29 or newer), which a recorder of its own needs. Update the cluster, or set recorder: same",
  );
  return failed(client, "k8s_job_create_failed", `Could not run Job ${plan.name}`, error);
}

function withoutImageVolumes(client: KubernetesClient, plan: RunPlan): RunFault {
  const error = new Error(
    "the cluster has no image volumes (Kubernetes 1.33 or newer), by which Claude Code is to come (cli: volume). Set cli: copy",
  );
  return failed(client, "k8s_job_create_failed", `Could not run Job ${plan.name}`, error);
}

/** Fail closed: with less than its operator asked for, no agent is started. */
function notHardened({ clock }: KubernetesClient, dropped: string): RunFault {
  const message = `The run is not started: its cluster does not know ${dropped}, which the operator's policy asks for`;
  const code = "k8s_job_create_failed";
  return new RunFault({ code, message, fix: DROPPED_FIX, status: null, fatal: true, at: clock.now() });
}
