/**
 * A probe: one small Job that says hello, by the chapters of a run. The environment test asks for it; to every run, and to
 * the supervisor, it does not exist (see LABELS.probe). Nothing of it is adopted, resumed or kept.
 */
import type { Job } from "kubernetes-types/batch/v1";
import { raceSignal } from "race-signal";
import type { KubernetesClient } from "../kubernetes/client.ts";
import type { ClusterLease } from "../kubernetes/cluster-registry.ts";
import { jobs } from "../kubernetes/resource-types.ts";
import { createTokenOwnerReader } from "../paperclip/token-owner.ts";
import { type EnvironmentFacts, readEnvironmentFacts } from "../runner/environment-facts.ts";
import type { Seal } from "../runner/seal.ts";
import { createOwnershipReader } from "./claim/claim.ts";
import { cleanUp, removeExpiredProbes } from "./conclude/conclude.ts";
import { followRun, type TranscriptSink } from "./follow/follow.ts";
import { awaitStart, keepBundles, launch } from "./launch/launch.ts";
import {
  describeWaiting,
  type Evidence,
  hasEnded,
  type ObservedRun,
  observeRun,
  requireVisibility,
  untilCauseIsKnown,
  type Waiting,
} from "./observe/observe.ts";
import type { RunPlan } from "./plan/plan.ts";
import { faultOf } from "./shared/api-advice.ts";
import { describeJob } from "./shared/job-state.ts";
import { jobInCluster, type LaunchedRun } from "./shared/launched-run.ts";
import { CONTAINER, madeBy, PROBES } from "./shared/names.ts";
import { type Fault, RunFault } from "./shared/run-fault.ts";
import { withTimeout } from "./shared/with-timeout.ts";
import { judge, type Verdict } from "./verdict/verdict.ts";

export type { Waiting } from "./observe/observe.ts";

export interface ProbeRequest {
  readonly lease: ClusterLease;
  /** Of `prepareProbe`. */
  readonly plan: RunPlan;
  /** Seconds until it must have answered. */
  readonly limitSec: number;
}

export type ProbeOutcome =
  /** The Job ended, or waiting for its pod was given up. */
  | { readonly kind: "ended"; readonly verdict: Verdict; readonly waiting: Waiting | null }
  /** `waiting`: for what its pod does. */
  | { readonly kind: "timed-out"; readonly stage: "waiting"; readonly waiting: Waiting }
  /** `launching`: the cluster did not answer; `running`: Claude Code did not. */
  | { readonly kind: "timed-out"; readonly stage: "launching" | "running" }
  /** It could not be started. */
  | { readonly kind: "not-launched"; readonly fault: Fault };

export interface ProbeReport {
  readonly outcome: ProbeOutcome;
  /** What the pod reports of itself; null when it did not start, or its log cannot be read. */
  readonly facts: EnvironmentFacts | null;
  /** Null when nothing was seen of the runner. */
  readonly runner: Seal["runner"] | null;
  readonly transcript: Evidence["transcript"];
  readonly tookSec: number;
  /** Why its Job could not be removed; null when it is, or there was none. */
  readonly leftOver: string | null;
}

/** Milliseconds that the log of a probe that has ended gets to arrive: its end is known without. */
const LOG_WITHIN_MS = 10_000;
/** Milliseconds for the removal of the Job, which else goes by itself. */
const CLEAN_UP_WITHIN_MS = 10_000;

/** Ends soon after its limit where the cluster answers at all. Never rejects for what the cluster does. */
export async function runProbe({ lease, plan, limitSec }: ProbeRequest): Promise<ProbeReport> {
  const { client } = lease;
  const { clock } = client;
  const began = clock.now();
  const limit = new AbortController();
  const done = new AbortController();
  clock.sleep(limitSec * 1000, done.signal).then(
    () => limit.abort(new Error(`no answer within ${limitSec} s`)),
    () => "the probe is over",
  );
  const probe = new Probe(lease, plan, AbortSignal.any([limit.signal, done.signal]));
  try {
    const outcome = await probe.outcome();
    done.abort();
    return { outcome, ...probe.seen, tookSec: (clock.now() - began) / 1000, leftOver: await probe.remove() };
  } finally {
    done.abort();
    probe.stopWatching();
  }
}

class Probe {
  readonly #lease: ClusterLease;
  readonly #plan: RunPlan;
  /** Aborts at the probe's limit. */
  readonly #signal: AbortSignal;
  #run: LaunchedRun | null = null;
  #observed: ObservedRun | null = null;
  #facts: EnvironmentFacts | null = null;
  readonly #selector: string;
  readonly stopWatching: () => void;

  constructor(lease: ClusterLease, plan: RunPlan, signal: AbortSignal) {
    this.#lease = lease;
    this.#plan = plan;
    this.#signal = signal;
    // The watches begin first: what is launched must be visible.
    this.#selector = madeBy(PROBES, plan.installation.label);
    this.stopWatching = lease.observer(plan.namespace, this.#selector).hold();
  }

  async outcome(): Promise<ProbeOutcome> {
    const { client } = this.#lease;
    const observer = this.#lease.observer(this.#plan.namespace, this.#selector);
    try {
      await removeEarlier(client, this.#plan, this.#signal);
      await requireVisibility(client, observer, this.#signal);
      // Without Paperclip's word a Job that may be ours counts as ours.
      const readTokenOwner = createTokenOwnerReader({ url: null });
      const readOwnership = createOwnershipReader({ client, installation: this.#plan.installation, readTokenOwner });
      const launched = await launch(client, this.#plan, null, readOwnership, this.#signal);
      if (launched.kind === "not-elected") return { kind: "not-launched", fault: this.#slotTaken(launched.elected) };
      this.#run = launched.run;
      return await this.#observeToEnd(this.#run);
    } catch (error) {
      if (this.#signal.aborted) return { kind: "timed-out", stage: "launching" };
      if (error instanceof RunFault) return { kind: "not-launched", fault: error.fault };
      const about = { code: "k8s_adapter_fault", doing: "The probe could not be started", at: client.clock.now() };
      return { kind: "not-launched", fault: faultOf(error, about) };
    }
  }

  #slotTaken(by: Job): Fault {
    const message = `${describeJob(by)} has the slot of the test`;
    const fix = "Test again once it has ended.";
    const at = this.#lease.client.clock.now();
    return { code: "k8s_concurrent_run_blocked", message, fix, status: null, fatal: true, at };
  }

  get seen(): Pick<ProbeReport, "facts" | "runner" | "transcript"> {
    const { seal = null, transcript = null } = this.#observed?.evidence ?? {};
    return { facts: this.#facts, runner: seal?.runner ?? null, transcript };
  }

  /** Null when nothing of it is left; else why not. */
  async remove(): Promise<string | null> {
    const { clock } = this.#lease.client;
    const late = `the cluster gave no answer within ${CLEAN_UP_WITHIN_MS / 1000} s`;
    return withTimeout(clock, CLEAN_UP_WITHIN_MS, this.#removeJob(), late).catch(messageOf);
  }

  async #removeJob(): Promise<string | null> {
    const { client } = this.#lease;
    if (this.#run) return cleanUp(client, this.#run);
    // A create whose answer was lost may have succeeded.
    const { namespace, name } = this.#plan;
    const job = await client.find(jobs, namespace, name, { retryForMs: 0 });
    return job ? cleanUp(client, jobInCluster(job)) : null;
  }

  async #observeToEnd(run: LaunchedRun): Promise<ProbeOutcome> {
    const { client } = this.#lease;
    const done = new AbortController();
    const signal = AbortSignal.any([this.#signal, done.signal]);
    const observer = this.#lease.observer(this.#plan.namespace, this.#selector);
    const { observed, synced, findPod, stop } = observeRun(client, observer, run, signal);
    this.#observed = observed;
    let following = Promise.resolve();
    try {
      await raceSignal(synced, signal);
      following = followRun({ client, run, observed, sink: this.#sink(), signal });
      await awaitStart(client, run, observed, this.#plan, findPod, signal, keepBundles(client, this.#plan, run));
      const { gaveUp } = observed.evidence.acts;
      if (gaveUp) return { kind: "ended", verdict: judge(observed.evidence), waiting: gaveUp.waiting };
      await observed.until(() => hasEnded(observed.evidence), signal);
      await withTimeout(client.clock, LOG_WITHIN_MS, following, undefined);
      await untilCauseIsKnown(observed, client.clock, signal);
    } catch (error) {
      if (!this.#signal.aborted) throw error;
      if (!hasEnded(observed.evidence)) return timedOut(observed);
    } finally {
      done.abort();
      stop();
      await following;
    }
    return { kind: "ended", verdict: judge(observed.evidence), waiting: null };
  }

  /** Of the transcript only the line that probe.sh prints is read. */
  #sink(): TranscriptSink {
    return {
      onLog: () => Promise.resolve(),
      page: undefined,
      line: (channel, line) => {
        if (channel === "stdout") this.#facts ??= readEnvironmentFacts(line);
      },
      notice: () => undefined,
      close: () => Promise.resolve(null),
    };
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function timedOut({ pod, job, events, evidence: { queue } }: ObservedRun): ProbeOutcome {
  const waiting = describeWaiting({ pod, job, events, container: CONTAINER, queue });
  if (waiting.state === "ready") return { kind: "timed-out", stage: "running" };
  return { kind: "timed-out", stage: "waiting", waiting };
}

async function removeEarlier(
  client: KubernetesClient,
  { namespace, installation }: RunPlan,
  signal: AbortSignal,
): Promise<void> {
  const labelSelector = madeBy(PROBES, installation.label);
  const earlier = await client
    .list(jobs, namespace, { labelSelector, signal, retryForMs: 0 })
    .catch(() => ({ items: [] }));
  await removeExpiredProbes(client, earlier.items, installation);
}
