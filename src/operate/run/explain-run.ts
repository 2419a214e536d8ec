/** Why a run is as it is: the verdict of one that has ended, what a living one does or waits for, what becomes of a lost one. */
import { type Activity, activityOf } from "../../format/activity.ts";
import { type RunRecord, readRunRecord } from "../../paperclip/run-record.ts";
import { describeWaiting, type Evidence } from "../../run/observe/observe.ts";
import { eventOf } from "../../run/shared/agent-event.ts";
import { CONTAINER } from "../../run/shared/names.ts";
import { judgeJob, ownershipReader } from "../../run/supervise/supervise.ts";
import type { Verdict } from "../../run/verdict/verdict.ts";
import { installationOf, type Look } from "../look/open.ts";
import type { FoundJob } from "../look/snapshot.ts";
import { type DescribedRun, describeRun } from "./describe-run.ts";
import { followFound, hasRunEnded, observeFound, type RunObserved, silentSink, verdictOf } from "./observe-run.ts";
import { outlook } from "./outlook.ts";
import { NOTHING_READ, readWait } from "./read-waiting.ts";

export type Explanation =
  | {
      readonly kind: "ended";
      readonly run: DescribedRun;
      readonly verdict: Verdict;
      readonly transcript: Evidence["transcript"];
      readonly outlook: string | null;
    }
  | {
      readonly kind: "living";
      readonly run: DescribedRun;
      /** Null where its agent does not run. */
      readonly doing: Doing | null;
      /** What a person can do about what it waits for. */
      readonly fix: string | null;
      readonly outlook: string | null;
    }
  /** Its Job is gone. */
  | { readonly kind: "recorded"; readonly record: Extract<RunRecord, { kind: "found" }> };

export interface Doing {
  readonly activity: Activity | null;
  /** That it has printed so far; null where the log could not be read. */
  readonly lines: number | null;
}

/** Throws ApiError, or the signal's reason. `tell`: what is waited for. */
export async function explainRun(seen: Look, found: FoundJob, tell: (text: string) => void): Promise<Explanation> {
  const { around, signal } = seen;
  tell("observing the run");
  using running = await observeFound(found, signal);
  const ended = await hasRunEnded(running);
  tell("reading its transcript");
  const doing = await readTranscript(running, ended);
  const { observed } = running;
  if (!ended) await readWait(found.place.lease.client, running.run, observed, signal);
  const waited = ended ? NOTHING_READ : { events: observed.events, queue: observed.evidence.queue };
  const run = describeRun(found, { ...waited, beside: seen.found, policy: around.policy });
  tell("asking Paperclip");
  const becomes = await outlookOn(seen, found).catch(() => null);
  if (!ended) return { kind: "living", run, doing, fix: fixOf(running), outlook: becomes };
  const verdict = await verdictOf(running);
  return { kind: "ended", run, verdict, transcript: running.observed.evidence.transcript, outlook: becomes };
}

/** Null: Paperclip does not know it, or cannot be asked, which `tell` is told. */
export async function explainFromRecord(
  { scope, signal }: Look,
  runId: string,
  tell: (text: string) => void,
): Promise<Explanation | null> {
  const record = await readRunRecord({ ...scope.paperclip, signal }, runId);
  if (record.kind === "unreadable") tell(`Paperclip's record of the run cannot be read: ${record.why}.`);
  return record.kind === "found" ? { kind: "recorded", record } : null;
}

async function readTranscript(running: RunObserved, ended: boolean): Promise<Doing | null> {
  const { observed } = running;
  let activity: Activity | null = null;
  const sink = silentSink((channel, line) => {
    if (!ended && channel === "stdout" && line.includes('"assistant"'))
      activity = activityOf(line.toString(), eventOf(line)) ?? activity;
  });
  if (!ended && !observed.evidence.pod?.agent.ran) return null;
  await followFound(running, sink, ended ? "end" : "now");
  const { transcript } = observed.evidence;
  return { activity, lines: transcript && transcript.unread === undefined ? transcript.lines : null };
}

function fixOf({ observed: { pod, job, events, evidence } }: RunObserved): string | null {
  return describeWaiting({ pod, job, events, container: CONTAINER, queue: evidence.queue }).fix;
}

/** By the rules of the supervisor. */
async function outlookOn(seen: Look, found: FoundJob): Promise<string | null> {
  const installation = installationOf(seen);
  if (installation === null) return null;
  const { client } = found.place.lease;
  const { paperclipUrl } = seen.around.deps;
  const readOwnership = ownershipReader(client, installation, paperclipUrl);
  const judgement = await judgeJob({ client, readOwnership, paperclipUrl, signal: seen.signal }, found.job);
  // That an operator's machine does not have Paperclip's secret is no news about the run.
  if (judgement.kind === "not-ours" && judgement.ownership.kind === "unproven") return null;
  return outlook(found, judgement);
}
