/** How the run of an ended Job went, for somebody who only wants to know: the Job stays as it is, and nobody is shown anything. */
import type { AdapterExecutionResult } from "@paperclipai/adapter-utils";
import type { Job } from "kubernetes-types/batch/v1";
import type { KubernetesClient } from "../../../kubernetes/client.ts";
import { pods } from "../../../kubernetes/resource-types.ts";
import { toExecutionResult } from "../../conclude/conclude.ts";
import { followRun, type TranscriptSink } from "../../follow/follow.ts";
import { createObservedRun, hasEnded } from "../../observe/observe.ts";
import { nameOf } from "../../shared/job-state.ts";
import { jobInCluster } from "../../shared/launched-run.ts";
import { readRunTerms } from "../../shared/run-terms.ts";
import { judge } from "../../verdict/verdict.ts";

const NOWHERE: TranscriptSink = {
  onLog: () => undefined,
  page: undefined,
  line: () => undefined,
  notice: () => undefined,
  close: async () => null,
};

/** Milliseconds for the log, which tells by whom the agent is billed; the seal has the rest. */
const READ_WITHIN_MS = 60_000;

/** Null: its pod is gone, or does not show the end. Throws ApiError. */
export async function outcomeOf(
  client: KubernetesClient,
  job: Job,
  signal: AbortSignal,
): Promise<AdapterExecutionResult | null> {
  const terms = readRunTerms(job);
  if (!terms) return null;
  const observed = createObservedRun(terms.facts);
  const at = client.clock.now();
  observed.add({ kind: "job", job, deleted: false, at });
  const labelSelector = `job-name=${nameOf(job)}`;
  for (const pod of (await client.list(pods, job.metadata?.namespace ?? "", { labelSelector, signal })).items)
    observed.add({ kind: "pod", pod, deleted: false, at });
  if (!observed.evidence.pod || !hasEnded(observed.evidence)) return null;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), READ_WITHIN_MS);
  const either = AbortSignal.any([signal, late.signal]);
  try {
    await followRun({ client, run: jobInCluster(job), observed, sink: NOWHERE, signal: either });
  } finally {
    clearTimeout(timer);
    late.abort();
  }
  return toExecutionResult(judge(observed.evidence), observed.evidence, {});
}
