import { namesMissingObject } from "./missing.ts";
import type { Patience } from "./types.ts";

/**
 * What a person can do about a reason to wait; the cluster's own message says which object it is about. Every setting that is
 * named here exists, which `test/messages/` holds.
 */
const FIXES: ReadonlyMap<string, string> = new Map([
  [
    "ImagePullBackOff",
    "Check the image's name and tag (image). For a private registry, name its pull secret (imagePullSecrets), or add it to the pod's service account (serviceAccountName).",
  ],
  ["InvalidImageName", "Correct the image in the agent's configuration (image): it is not a valid name."],
  ["ErrImageNeverPull", "Set imagePullPolicy to IfNotPresent, or load the image onto the node."],
  ["SignatureValidationFailed", "Use an image whose signature the node's policy accepts (image)."],
  [
    "CreateContainerConfigError",
    "Create the Secret, ConfigMap or key that the message names; where it names the container's user, use another image (image).",
  ],
  ["CreateContainerError", "Read the message: the node's runtime refuses to create the container."],
  [
    "RunContainerError",
    "Check the image (image): the command that the message names must exist in it and be executable; the runner needs /bin/sh.",
  ],
  ["FailedMount", "Check the volume and its driver on the node: the node tries again by itself."],
  ["FailedAttachVolume", "Check the volume and its storage driver: the message is the cluster's."],
  ["FailedCreatePodSandBox", "Check the node and its network plugin: the message is the node's."],
  [
    "Unschedulable",
    "Wait for a node (an autoscaler may add one), or change resources.requests, nodeSelector or tolerations so that a node fits.",
  ],
  ["SchedulingGated", "Remove the pod's scheduling gate: another component of the cluster set it."],
  ["Suspended", "Wait until the queue that suspends the Job (such as Kueue) admits it, or unsuspend the Job."],
]);

const SAME: ReadonlyMap<string, string> = new Map([
  ["ErrImagePull", "ImagePullBackOff"],
  ["RegistryUnavailable", "ImagePullBackOff"],
  ["ImageInspectError", "ImagePullBackOff"],
  ["FailedMapVolume", "FailedMount"],
]);

/**
 * Another pod has the volume. The scheduler's words for ReadWriteOncePod, the attach controller's for ReadWriteOnce on
 * another node, and the kubelet's when two pods of one node meet.
 */
const IN_USE =
  /ReadWriteOncePod|Multi-Attach error|already exclusively attached|already (used|in use) by|volume is already mounted/i;

export const FIX_OF_CLI =
  "Check the second image that brings Claude Code (cliImage): its name, its tag, and whether the node may pull it.";
export const fixForInitContainer = (name: string): string => `Read the log of the init container ${name}.`;
/** Its image and settings are none of the agent's. */
export const fixForOthers = (name: string): string =>
  `Correct the init container ${name} where it comes from: podTemplate, or what the cluster adds to pods (a webhook, a policy).`;

/** Null where nothing is known to help. */
export function fixForWaiting(reason: string, message = ""): string | null {
  if (reason === "FailedCreate") return refusal(message).fix;
  if (IN_USE.test(message))
    return "Wait until the other pod ends: the volume is for one pod or node at a time. For several at once, use a claim with the access mode ReadWriteMany (homeClaim).";
  if (/persistentvolumeclaim "[^"]*" not found/.test(message))
    return "Create the volume claim that the message names, in the namespace of the run, or correct homeClaim.";
  if (/unbound immediate PersistentVolumeClaims/.test(message))
    return "Look at the volume claim (kubectl describe pvc): it has no volume yet, and its StorageClass may not make one.";
  if (/didn't match pod affinity rules/.test(message))
    return "Wait until a pod on the other node ends: with workspace: claim, the pods of one claim run on one node while several run. Or lower resources.requests, so that more of them fit there.";
  if (/volume node affinity conflict/.test(message))
    return "The volume is on a node or in a zone that the pod may not go to now: bring that node back, change nodeSelector or tolerations so that it fits, or delete the volume claim with all that is on it.";
  if (reason === "FailedMount" && /secret "ac-bundle-[0-9a-f]+" not found/i.test(message))
    return "The files that runs share are gone (somebody deleted them, or the run waited for longer than a week): stop this run; the next one makes them anew.";
  if (reason === "FailedMount" && namesMissingObject(message))
    return "Create the Secret, ConfigMap or volume that the message names, in the namespace of the run.";
  return FIXES.get(SAME.get(reason) ?? reason) ?? null;
}

export interface Refusal {
  readonly state: "quota" | "admission";
  readonly patience: Patience;
  readonly fix: string;
}

/** Why the Job controller may not create the pod: the API server's refusal, told apart by its fixed phrases. */
const REFUSALS: readonly (readonly [RegExp, Refusal])[] = [
  [
    /exceeded quota/,
    {
      state: "quota",
      patience: "time",
      fix: "Wait until other runs end, raise the ResourceQuota, or lower resources.requests and resources.limits.",
    },
  ],
  [
    /failed quota: .* must specify/,
    {
      state: "quota",
      patience: "fatal",
      fix: "Set resources.requests and resources.limits of what the message names; for containers that the cluster injects, give the namespace a LimitRange with defaults.",
    },
  ],
  [
    // Several pods were counted at once (kubernetes/kubernetes#67761).
    /Operation cannot be fulfilled on resourcequotas/,
    { state: "quota", patience: "time", fix: "Wait: the Job controller tries again by itself." },
  ],
  [
    /is invalid: .*resources/,
    {
      state: "admission",
      patience: "fatal",
      fix: "Set resources.requests and resources.limits so that no request is above its limit, also where a LimitRange fills one in.",
    },
  ],
  [
    // The Job was valid, so something changed its pod.
    /is invalid: /,
    {
      state: "admission",
      patience: "fatal",
      fix: "Correct what the message names where it comes from: a webhook, a policy or podTemplate.",
    },
  ],
  [
    /violates PodSecurity/,
    {
      state: "admission",
      patience: "fatal",
      fix: "Change what the message names so that the pod passes the namespace's Pod Security level.",
    },
  ],
  [
    /error looking up service account|serviceaccount ".*" not found/i,
    {
      state: "admission",
      patience: "missing-object",
      fix: "Create the ServiceAccount that the message names, or set serviceAccountName to one that exists.",
    },
  ],
  [
    /unable to validate against any security context constraint/,
    {
      state: "admission",
      patience: "fatal",
      fix: "Set runAsUser to `cluster`, or allow the pod's service account (serviceAccountName) a constraint that takes the user which the message names, such as nonroot-v2.",
    },
  ],
  [
    /(maximum|minimum) \S+ .* per (Container|Pod)|max limit to request ratio per (Container|Pod)/,
    {
      state: "admission",
      patience: "fatal",
      fix: "Set resources.requests and resources.limits within the namespace's LimitRange.",
    },
  ],
  [
    /failed calling webhook/,
    {
      state: "admission",
      patience: "retried",
      fix: "Check the webhook that the message names: it does not answer the API server.",
    },
  ],
  [
    /admission webhook .* denied|(Validating|Mutating)AdmissionPolicy|image policy webhook .* denied/,
    {
      state: "admission",
      patience: "fatal",
      fix: "Change what the cluster's admission policy refuses, or the policy.",
    },
  ],
  [
    /no PriorityClass with name .* was found/,
    {
      state: "admission",
      patience: "missing-object",
      fix: "Create the PriorityClass that the message names, or set priorityClassName to one that exists.",
    },
  ],
  [
    /PriorityClass/i,
    {
      state: "admission",
      patience: "fatal",
      fix: "Set priorityClassName to a class that the namespace may use.",
    },
  ],
  [
    /RuntimeClass "[^"]*" not found/,
    {
      state: "admission",
      patience: "missing-object",
      fix: "Create the RuntimeClass that the message names, or set runtimeClassName to one that exists.",
    },
  ],
  [
    /conflicts with its namespace node label selector/,
    {
      state: "admission",
      patience: "fatal",
      fix: "Set nodeSelector to labels that the namespace's own node selector allows.",
    },
  ],
  [
    /pod tolerations .* conflict with its namespace whitelist/,
    { state: "admission", patience: "fatal", fix: "Set tolerations to those that the namespace allows." },
  ],
  [
    /etcdserver|too many requests|timed out|deadline exceeded|connection refused|currently unable to handle|not yet ready to handle/i,
    {
      state: "admission",
      patience: "retried",
      fix: "Wait: the API server has trouble, and the Job controller tries again.",
    },
  ],
];

const OTHER: Refusal = {
  state: "admission",
  patience: "retried",
  fix: "Read the message: the API server refuses the pod.",
};

export function refusal(message: string): Refusal {
  return REFUSALS.find(([phrase]) => phrase.test(message))?.[1] ?? OTHER;
}
