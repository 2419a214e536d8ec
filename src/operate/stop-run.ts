/**
 * Stops a run as Paperclip's Stop does. Through the run's record where Paperclip can be asked: then its own process carries it
 * out, acknowledges it and cleans up. Else by the write that this process would make: the Job is suspended or, of a
 * queue, deleted, with the reason on it, and whoever observes the run reports it.
 */
import type { Job } from "kubernetes-types/batch/v1";
import { ApiError } from "../kubernetes/api-error.ts";
import { jobs, type Stored } from "../kubernetes/resource-types.ts";
import { cancelRun, type RunRecord, readRunRecord } from "../paperclip/run-record.ts";
import { removeJob, withdraw } from "../run/claim/claim.ts";
import { hasEnded } from "../run/observe/observe.ts";
import { isHeld, isOfRun, runIdOf, stateOf, wasStopped } from "../run/shared/job-state.ts";
import { queueOf } from "../run/shared/kueue.ts";
import { withTimeout } from "../run/shared/with-timeout.ts";
import { stopDeadlineSec } from "../run/stop/stop.ts";
import type { Verdict } from "../run/verdict/verdict.ts";
import { followFound, hasRunEnded, type RunObserved, silentSink, verdictOf } from "./observe-run.ts";
import type { Scope } from "./scope.ts";

export type StopOutcome =
  /** `verdict` of the whole run. */
  | { readonly kind: "had-ended"; readonly verdict: Verdict }
  /** `by` queue: its Job is deleted, since a queue would start it again. */
  | { readonly kind: "ended"; readonly verdict: Verdict; readonly by: "paperclip" | "cluster" | "queue" }
  /** Nothing of it ever ran, and its Job is gone. */
  | { readonly kind: "withdrawn" }
  /** It was told to, and nobody has seen its end in time. */
  | { readonly kind: "not-seen"; readonly waitedSec: number }
  /** The Job is another run's now: nothing was done. */
  | { readonly kind: "another-run"; readonly runId: string | null };

/** The reason that stands on the Job and in the verdict. */
const REASON = "Stopped with claude-k8s stop";

/** Milliseconds that Paperclip's process gets to begin: it looks at the record every ten seconds. */
const PAPERCLIP_WITHIN_MS = 15_000;

/** `tell`: what is waited for, a clause. Throws ApiError, or the signal's reason; what was asked for goes on then. */
export async function stopRun(
  running: RunObserved,
  paperclip: Scope["paperclip"],
  tell: (text: string) => void,
): Promise<StopOutcome> {
  const { found, observed, signal } = running;
  const { client } = found.place.lease;
  const following = followFound(running, silentSink(), "end");
  if (await hasRunEnded(running)) {
    await following;
    return { kind: "had-ended", verdict: await verdictOf(running) };
  }
  const runId = runIdOf(found.job) ?? "";
  const isCandidate = isHeld(found.job);
  const asked = await askPaperclip(running, runId, paperclip, tell);
  if (!asked) {
    const done = isCandidate ? await takeBack(running) : await suspend(running, runId);
    if (done.kind !== "stopping") return done;
  }
  observed.add({ kind: "act", act: { kind: "cancel", by: "claude-k8s stop", reason: REASON, at: client.clock.now() } });
  const waitSec = stopDeadlineSec(running.run.terms.graceSec);
  tell(`its agent has ${running.run.terms.graceSec} s to save its session`);
  const ended = observed.until(() => hasEnded(observed.evidence), signal).then(() => true);
  if (!(await withTimeout(client.clock, waitSec * 1000, ended, false))) return { kind: "not-seen", waitedSec: waitSec };
  if (isCandidate && observed.pod === null) return { kind: "withdrawn" };
  await following;
  const by = asked ? "paperclip" : queueOf(found.job) === null ? "cluster" : "queue";
  return { kind: "ended", verdict: await verdictOf(running), by };
}

/** True: its process stops the run, or has by now. */
async function askPaperclip(
  { found, observed, signal }: RunObserved,
  runId: string,
  { url, token }: Scope["paperclip"],
  tell: (text: string) => void,
): Promise<boolean> {
  const access = { url, token, signal };
  const record: RunRecord = await readRunRecord(access, runId);
  if (record.kind !== "found" || !record.isAlive) return false;
  tell("Paperclip is asked to stop the run");
  const answer = cancelRun(access, runId);
  const begun = observed.until(() => {
    const { job } = observed;
    return (
      hasEnded(observed.evidence) || observed.evidence.job?.presence !== "present" || (job !== null && wasStopped(job))
    );
  }, signal);
  begun.catch(() => undefined);
  const refused = answer.then((given) => (given.kind === "refused" ? false : begun.then(() => true)));
  const first = Promise.race([begun.then(() => true), refused]);
  return withTimeout(found.place.lease.client.clock, PAPERCLIP_WITHIN_MS, first, false);
}

type Carried = { readonly kind: "stopping" } | Extract<StopOutcome, { kind: "withdrawn" | "another-run" }>;

/** Of a Job that was never unsuspended. */
async function takeBack(running: RunObserved): Promise<Carried> {
  const { found, run } = running;
  const startedMeanwhile = await withdraw(found.place.lease.client, run);
  return startedMeanwhile ? suspend(running, runIdOf(found.job) ?? "") : { kind: "withdrawn" };
}

/** The Job's controller writes its status at any time: then it is looked at anew. */
const ATTEMPTS = 10;

/** One write, which holds only for the state in which the Job was seen to be this run's. */
async function suspend({ found, run, signal }: RunObserved, runId: string): Promise<Carried> {
  const { client } = found.place.lease;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const job: Stored<Job> | undefined = await client.find(jobs, run.namespace, run.name, { signal });
    // Gone, or stopped by somebody else meanwhile: it ends.
    if (job?.metadata.uid !== run.uid || wasStopped(job) || stateOf(job) === "leaving") return { kind: "stopping" };
    if (!isOfRun(job, runId)) return { kind: "another-run", runId: runIdOf(job) };
    try {
      await removeJob(client, run.namespace, { job, how: "stop", why: REASON }, signal);
    } catch (error) {
      // 422: a finished Job cannot be suspended any more (measured).
      if (error instanceof ApiError && error.status === 422) return { kind: "stopping" };
      throw error;
    }
  }
  throw new Error(`Job ${run.name} could not be stopped: it changed ${ATTEMPTS} times meanwhile`);
}
