import { child, list, type Plain, plain } from "../../store/plain.ts";
import type { KubeObject } from "../../types.ts";
import { defaultPodSpec } from "./pod-spec.ts";

/** As recorded on 1.36; runs again on each update, so it only fills holes. */
export function defaultJob(job: KubeObject): void {
  const spec = child(job, "spec");
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : 2 ** 31 - 1;
  spec.completionMode ??= "NonIndexed";
  spec.manualSelector ??= false;
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? "TerminatingOrFailed" : "Failed";
  for (const rule of list(plain(spec.podFailurePolicy).rules)) {
    for (const pattern of list(plain(rule).onPodConditions)) plain(pattern).status ??= "True";
  }
  const template = child(spec, "template");
  defaultPodSpec(child(template, "spec"));
  const labels = plain(child(template, "metadata").labels) as Record<string, string>;
  if (Object.keys(job.metadata.labels ?? {}).length === 0 && Object.keys(labels).length > 0) {
    job.metadata.labels = { ...labels };
  }
}

/** The selector and labels that tie a Job's pods to it; the old names without a prefix are still set. */
export function generateSelector(job: KubeObject): void {
  const spec = plain(job.spec);
  if (spec.manualSelector === true) return;
  const { uid, name } = job.metadata;
  const metadata = plain(plain(spec.template).metadata);
  const labels: Plain = {
    ...plain(metadata.labels),
    "batch.kubernetes.io/controller-uid": uid,
    "batch.kubernetes.io/job-name": name,
    "controller-uid": uid,
    "job-name": name,
  };
  metadata.labels = labels;
  spec.selector = { matchLabels: { "batch.kubernetes.io/controller-uid": uid } };
}
