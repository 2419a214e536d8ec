import { deepEqual, list, type Plain, plain } from "../../store/plain.ts";
import type { KubeObject } from "../../types.ts";
import type { Complaints } from "./errors.ts";
import { validateLabels } from "./meta.ts";
import { validatePodSpec } from "./pod-spec.ts";

export function validateJob(job: KubeObject, complaints: Complaints): void {
  const spec = plain(job.spec);
  const counted = ["parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"];
  for (const field of counted) complaints.atLeast(`spec.${field}`, spec[field], 0);
  complaints.oneOf("spec.completionMode", spec.completionMode, ["Indexed", "NonIndexed"]);
  const template = plain(spec.template);
  validateLabels("spec.template.labels", plain(template.metadata).labels, complaints);
  const pod = plain(template.spec);
  validatePodSpec(pod, "spec.template.spec", complaints);
  if (pod.restartPolicy === "Always") {
    complaints.required("spec.template.spec.restartPolicy", 'valid values: "OnFailure", "Never"');
  }
  validateReplacement(spec, complaints);
  if (spec.podFailurePolicy !== undefined) validateFailurePolicy(spec, pod, complaints);
  if (spec.manualSelector === true && spec.selector === undefined) complaints.required("spec.selector");
}

function validateReplacement(spec: Plain, complaints: Complaints): void {
  const supported = spec.podFailurePolicy === undefined ? ["Failed", "TerminatingOrFailed"] : ["Failed"];
  complaints.oneOf("spec.podReplacementPolicy", spec.podReplacementPolicy, supported);
}

function validateFailurePolicy(spec: Plain, pod: Plain, complaints: Complaints): void {
  if (pod.restartPolicy !== "Never") {
    const detail = 'only "Never" is supported when podFailurePolicy is specified';
    complaints.invalid("spec.template.spec.restartPolicy", pod.restartPolicy, detail);
  }
  const names = [...list(pod.containers), ...list(pod.initContainers)].map((container) => plain(container).name);
  for (const [i, item] of list(plain(spec.podFailurePolicy).rules).entries()) {
    const rule = plain(item);
    const at = `spec.podFailurePolicy.rules[${i}]`;
    if (rule.action === undefined)
      complaints.required(`${at}.action`, 'valid values: ["Count" "FailIndex" "FailJob" "Ignore"]');
    complaints.oneOf(`${at}.action`, rule.action, ["Count", "FailIndex", "FailJob", "Ignore"]);
    const codes = plain(rule.onExitCodes);
    const both = rule.onExitCodes !== undefined && list(rule.onPodConditions).length > 0;
    const neither = rule.onExitCodes === undefined && list(rule.onPodConditions).length === 0;
    if (both) complaints.invalid(at, rule, "specifying both OnExitCodes and OnPodConditions is not supported");
    if (neither) complaints.invalid(at, rule, "specifying one of OnExitCodes and OnPodConditions is required");
    if (rule.onExitCodes !== undefined) validateExitCodes(codes, `${at}.onExitCodes`, names, complaints);
  }
}

function validateExitCodes(codes: Plain, at: string, names: readonly unknown[], complaints: Complaints): void {
  if (codes.containerName !== undefined && !names.includes(codes.containerName)) {
    const detail = "must be one of the container or initContainer names in the pod template";
    complaints.invalid(`${at}.containerName`, codes.containerName, detail);
  }
  complaints.oneOf(`${at}.operator`, codes.operator ?? "", ["In", "NotIn"]);
  const values = list(codes.values);
  if (values.length === 0) complaints.invalid(`${at}.values`, values, "at least one value is required");
  if (codes.operator === "In" && values.includes(0)) {
    complaints.invalid(`${at}.values[${values.indexOf(0)}]`, 0, "must not be 0 for the In operator");
  }
}

/** What of the template a suspended Job that never started may still change: where its pods go. */
const PLACEMENT = ["nodeSelector", "tolerations", "affinity", "schedulingGates"];

export function validateJobUpdate(job: KubeObject, old: KubeObject, complaints: Complaints): void {
  const now = plain(job.spec);
  const before = plain(old.spec);
  for (const field of [
    "completions",
    "selector",
    "completionMode",
    "podFailurePolicy",
    "backoffLimitPerIndex",
    "managedBy",
  ]) {
    complaints.unchanged(`spec.${field}`, before[field], now[field], deepEqual(before[field], now[field]));
  }
  const movable = before.suspend === true && plain(old.status).startTime === undefined;
  const same = deepEqual(fixedPart(before.template, movable), fixedPart(now.template, movable));
  complaints.unchanged("spec.template", before.template, now.template, same);
}

function fixedPart(template: unknown, movable: boolean): unknown {
  if (!movable) return template;
  const { metadata: _, spec, ...rest } = plain(template);
  const fixed = Object.entries(plain(spec)).filter(([key]) => !PLACEMENT.includes(key));
  return { ...rest, spec: Object.fromEntries(fixed) };
}
