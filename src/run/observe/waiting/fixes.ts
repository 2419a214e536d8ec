import { namesMissingObject } from "./missing.ts";
import type { Patience } from "./types.ts";

/**
 * What a person can do about a reason to wait; the cluster's own message says which object it is about. Every setting that is
 * named here exists, which `test/messages/` holds.
 */
const FIXES: ReadonlyMap<string, string> = new Map([
  [
    "ImagePullBackOff",
    "Check the image's name and tag (image). For a private registry, add its pull secret to the pod's service account (serviceAccountName, else the namespace's default).",
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

/** Null where nothing is known to help. */
export function fixForWaiting(reason: string, message = ""): string | null {
  if (reason === "FailedCreate") return refusal(message).fix;
  if (IN_USE.test(message))
    return "Wait until the other pod ends: the volume is for one pod or node at a time. For several at once, use a claim with the access mode ReadWriteMany (homeClaim).";
  if (/persistentvolumeclaim "[^"]*" not found/.test(message))
    return "Create the volume claim that the message names, in the namespace of the run, or correct homeClaim.";
  if (/unbound immediate PersistentVolumeClaims/.test(message))
    return "Look at the volume claim (kubectl describe pvc): it has no volume yet, and its StorageClass may not make one.";
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
    /(maximum|minimum) \S+ .* per (Container|Pod)|max limit to request ratio per Container/,
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
    /admission webhook .* denied|ValidatingAdmissionPolicy/,
    {
      state: "admission",
      patience: "fatal",
      fix: "Change what the cluster's admission policy refuses, or the policy.",
    },
  ],
  [
    /PriorityClass/i,
    {
      state: "admission",
      patience: "fatal",
      fix: "Create the PriorityClass that the message names, or let the cluster's operator correct the default.",
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
