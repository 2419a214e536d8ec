/** What a person can do about a reason to wait; the cluster's own message says which object it is about. */
const FIXES: ReadonlyMap<string, string> = new Map([
  [
    "ImagePullBackOff",
    "Check the image's name and tag, and that the cluster may pull it (imagePullSecrets, the registry's address).",
  ],
  ["InvalidImageName", "Correct the image in the agent's configuration: it is not a valid image name."],
  ["ErrImageNeverPull", "Set imagePullPolicy to IfNotPresent, or load the image onto the node beforehand."],
  ["SignatureValidationFailed", "Use an image whose signature the node's policy accepts."],
  [
    "CreateContainerConfigError",
    "Create the Secret, ConfigMap or key that the message names, or correct what the message says of the container's user.",
  ],
  ["CreateContainerError", "Read the message: the node's runtime refused to create the container."],
  ["RunContainerError", "Check the image: the command that the message names must exist in it and be executable."],
  ["FailedMount", "Create the Secret, ConfigMap or volume that the message names, in the namespace of the run."],
  [
    "FailedAttachVolume",
    "Check the volume: it may still be attached to another node, or may not be shared (ReadWriteMany).",
  ],
  ["FailedCreatePodSandBox", "Check the node and its network plugin; the message is the node's."],
  [
    "Unschedulable",
    "Wait for a node (an autoscaler may add one), or lower resources.requests, nodeSelector or tolerations so that a node fits.",
  ],
  ["SchedulingGated", "Whoever gates the pod's scheduling must release it."],
  ["Suspended", "Wait for whoever suspends the Job (a queue such as Kueue), or set spec.suspend to false."],
]);

const SAME: ReadonlyMap<string, string> = new Map([
  ["ErrImagePull", "ImagePullBackOff"],
  ["RegistryUnavailable", "ImagePullBackOff"],
  ["ImageInspectError", "ImagePullBackOff"],
  ["FailedMapVolume", "FailedMount"],
]);

/** Null where nothing is known to help. */
export function fixForWaiting(reason: string, message = ""): string | null {
  if (reason === "FailedCreate") return refusal(message).fix;
  if (/persistentvolumeclaim "[^"]*" not found/.test(message))
    return "Create the volume claim that the message names, in the namespace of the run, or correct homeClaim.";
  if (/unbound immediate PersistentVolumeClaims/.test(message))
    return "Look at the volume claim (kubectl describe pvc): it has no volume yet, and its StorageClass may not make one.";
  return FIXES.get(SAME.get(reason) ?? reason) ?? null;
}

export interface Refusal {
  readonly state: "quota" | "admission";
  readonly patience: "forever-until-limit" | "retry-limit" | "fatal";
  readonly fix: string;
}

/** Why the Job controller may not create the pod: the API server's refusal, told apart by its fixed phrases. */
export function refusal(message: string): Refusal {
  if (/exceeded quota/.test(message)) {
    const fix = "Wait until other runs end, raise the ResourceQuota, or lower resources.requests and resources.limits.";
    return { state: "quota", patience: "forever-until-limit", fix };
  }
  if (/violates PodSecurity/.test(message)) {
    const fix = "Change what the message names so that the pod passes the namespace's Pod Security level.";
    return { state: "admission", patience: "fatal", fix };
  }
  if (/error looking up service account|serviceaccount ".*" not found/i.test(message)) {
    const fix = "Create the ServiceAccount that the message names, or set serviceAccountName to one that exists.";
    return { state: "admission", patience: "retry-limit", fix };
  }
  if (/(maximum|minimum) (cpu|memory|ephemeral-storage) .* per (Container|Pod)/.test(message)) {
    return { state: "admission", patience: "fatal", fix: "Set resources within the namespace's LimitRange." };
  }
  if (/admission webhook .* denied|ValidatingAdmissionPolicy/.test(message)) {
    return {
      state: "admission",
      patience: "fatal",
      fix: "Change what the cluster's admission policy refuses, or the policy.",
    };
  }
  if (/PriorityClass|no PriorityClass/i.test(message)) {
    return {
      state: "admission",
      patience: "fatal",
      fix: "Create the PriorityClass, or set priorityClassName to one that exists.",
    };
  }
  return { state: "admission", patience: "retry-limit", fix: "Read the message: the API server refuses the pod." };
}
