/** What a pod waits for, as the cluster says it. */
import type { Event, Pod } from "kubernetes-types/core/v1";
import { container, JOB, podObject } from "../run/support/evidence.ts";

export interface Waits {
  readonly title: string;
  readonly pod: Pod | null;
  readonly suspended?: boolean;
  readonly events?: readonly Event[];
}

const event = (kind: "Job" | "Pod", reason: string, message: string): Event => ({
  metadata: { uid: `${reason} ${message}` },
  involvedObject: { kind, name: kind === "Job" ? (JOB.metadata?.name ?? "") : "pod" },
  type: "Warning",
  reason,
  message,
});
const pending = (status: Pod["status"] = {}): Pod => podObject({ phase: "Pending", ...status });
const waiting = (title: string, reason: string, message: string): Waits => ({
  title,
  pod: pending({ containerStatuses: [container({ waiting: { reason, message } })] }),
});
const refused = (title: string, message: string): Waits => ({
  title,
  pod: null,
  events: [event("Job", "FailedCreate", message)],
});
const stuck = (title: string, reason: string, message: string): Waits => ({
  title,
  pod: pending({ containerStatuses: [container({ waiting: { reason: "ContainerCreating" } })] }),
  events: [event("Pod", reason, message)],
});
const unscheduled = (title: string, reason: string, message: string): Waits => {
  const pod = pending({ conditions: [{ type: "PodScheduled", status: "False", reason, message }] });
  return { title, pod: { ...pod, spec: { containers: [] } } };
};

const initial = (title: string, name: string, native: boolean, state: Parameters<typeof container>[0]): Waits => {
  const pod = pending({
    initContainerStatuses: [container(state, name)],
    containerStatuses: [container({ waiting: { reason: "PodInitializing" } })],
  });
  const init = { name, ...(native ? { restartPolicy: "Always" } : {}) };
  return { title, pod: { ...pod, spec: { ...pod.spec, initContainers: [init] } as never } };
};

const CREATING = 'Error creating: pods "ac-agent-x7k2p" is forbidden:';

export const WAITS: readonly Waits[] = [
  unscheduled("No node fits", "Unschedulable", "0/3 nodes are available: 3 Insufficient cpu."),
  unscheduled("No such claim", "Unschedulable", 'persistentvolumeclaim "home" not found'),
  unscheduled("A claim without a volume", "Unschedulable", "pod has unbound immediate PersistentVolumeClaims."),
  unscheduled(
    "A claim whose pods run on a full node",
    "Unschedulable",
    "0/3 nodes are available: 1 Insufficient memory, 2 node(s) didn't match pod affinity rules.",
  ),
  unscheduled(
    "A volume in another zone",
    "Unschedulable",
    "0/3 nodes are available: 3 node(s) had volume node affinity conflict.",
  ),
  unscheduled("A scheduling gate", "SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates"),
  waiting("No such image", "ImagePullBackOff", 'Back-off pulling image "agent:9": manifest unknown'),
  waiting("An image name that is none", "InvalidImageName", 'couldn\'t parse image name "Agent::1"'),
  waiting(
    "An image that may not be pulled",
    "ErrImageNeverPull",
    "Container image is not present with pull policy of Never",
  ),
  waiting("An image without a signature", "SignatureValidationFailed", "signature is not valid"),
  waiting("No such Secret", "CreateContainerConfigError", 'secret "gh" not found'),
  waiting("A container that the runtime refuses", "CreateContainerError", "context deadline exceeded"),
  waiting("A container that does not start", "RunContainerError", "exec: no such file"),
  stuck("A volume that is not mounted", "FailedMount", 'MountVolume.SetUp failed for volume "home": timed out'),
  stuck("A volume that is not attached", "FailedAttachVolume", "Multi-Attach error for volume pvc-1"),
  stuck("A network that is not ready", "FailedCreatePodSandBox", "failed to assign an IP address"),
  stuck("A pull that goes on", "Pulling", 'Pulling image "agent:1"'),
  refused("A quota", `${CREATING} exceeded quota: team, requested: limits.memory=8Gi`),
  refused("A quota that demands amounts", `${CREATING} failed quota: team: must specify requests.cpu for: mesh-proxy`),
  refused(
    "A quota, counted at once",
    'Operation cannot be fulfilled on resourcequotas "team": the object has been modified',
  ),
  refused("Pod Security", `${CREATING} violates PodSecurity "restricted:latest": runAsNonRoot != true`),
  refused(
    "No such service account",
    `${CREATING} error looking up service account agents/agent: serviceaccount "agent" not found`,
  ),
  refused(
    "OpenShift",
    `${CREATING} unable to validate against any security context constraint: [provider restricted-v2: runAsUser: Invalid value: 1000]`,
  ),
  refused("A LimitRange", `${CREATING} maximum memory usage per Container is 2Gi, but limit is 8Gi`),
  refused(
    "A LimitRange's ratio",
    `${CREATING} cpu max limit to request ratio per Container is 2, but provided ratio is 4.000000`,
  ),
  refused(
    "A webhook that does not answer",
    'Error creating: Internal error occurred: failed calling webhook "mutate.kyverno.svc"',
  ),
  refused("A policy", 'Error creating: admission webhook "validate.kyverno.svc" denied the request: no'),
  refused("No such PriorityClass", `${CREATING} no PriorityClass with name high was found`),
  refused("No such RuntimeClass", `${CREATING} pod rejected: RuntimeClass "gvisor" not found`),
  refused("A priority class that may not be used", `${CREATING} PriorityClass system-node-critical is not allowed`),
  refused(
    "A pod that something made invalid",
    'Error creating: Pod "ac-agent-x7k2p" is invalid: spec.containers[1].name: Duplicate value: "claude"',
  ),
  refused(
    "A LimitRange's default above a limit",
    'Error creating: Pod "ac-agent-x7k2p" is invalid: spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
  ),
  refused(
    "The namespace's node selector",
    `${CREATING} pod node label selector conflicts with its namespace node label selector`,
  ),
  refused(
    "The namespace's tolerations",
    `${CREATING} pod tolerations (possibly merged with namespace default tolerations) conflict with its namespace whitelist`,
  ),
  refused("An API server in trouble", "Error creating: etcdserver: request timed out"),
  refused("Any other refusal", `${CREATING} no`),
  initial("An init container of a webhook's without its image", "vault-init", false, {
    waiting: { reason: "ErrImagePull", message: "manifest unknown" },
  }),
  initial("The second image is not there", "cli", false, {
    waiting: { reason: "ErrImagePull", message: "manifest unknown" },
  }),
  initial("A native sidecar that fails", "istio-proxy", true, { terminated: { exitCode: 1, reason: "Error" } }),
];
