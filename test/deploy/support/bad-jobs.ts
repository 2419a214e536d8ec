/** Jobs that the adapter never plans, each a planned one with one thing changed. */
import type { Job } from "kubernetes-types/batch/v1";
import type { Container, PodSpec } from "kubernetes-types/core/v1";
import type { ObjectMeta } from "kubernetes-types/meta/v1";
import { copiedCli, privateHome, recorder, type Shape } from "./good-jobs.ts";
import { defaultPlan } from "./planned-jobs.ts";

/** The planned Job with one thing changed. */
export function changed(change: (shape: Shape) => void): Job {
  const job = structuredClone(defaultPlan.job);
  const pod = job.spec?.template.spec;
  const container = pod?.containers[0];
  if (!pod || !container) throw new Error("no pod in the plan");
  change({ job, pod, container });
  return job;
}

export const security = (container: Container) => (container.securityContext ??= {});
export const mount = (pod: PodSpec, volume: object) => pod.volumes?.push({ name: "more", ...volume });

const relabel = (meta: ObjectMeta | undefined, labels: Record<string, string>) => Object.assign(meta ?? {}, { labels });

/** What is changed, what the refusal says, and the change. */
export const BAD: readonly (readonly [what: string, message: RegExp, change: (shape: Shape) => void])[] = [
  [
    "a Job of another manager",
    /^The Job needs the labels/,
    ({ job }) => Object.assign(job.metadata?.labels ?? {}, { "app.kubernetes.io/managed-by": "me" }),
  ],
  // With none at all it would get its pod's, by default.
  ["a Job with no label of ours", /^The Job needs the labels/, ({ job }) => relabel(job.metadata, { team: "a" })],
  [
    "a Job of an unnamed adapter",
    /^The Job needs the labels/,
    ({ job }) => relabel(job.metadata, { "app.kubernetes.io/managed-by": "paperclip" }),
  ],
  [
    "a Job of another adapter",
    /^The Job needs the labels/,
    ({ job }) => relabel(job.metadata, { ...job.metadata?.labels, "paperclip.io/adapter-type": "other" }),
  ],
  [
    "a pod with no label of ours",
    /^The pod needs the labels/,
    ({ job }) => relabel(job.spec?.template.metadata, { "paperclip.io/adapter-type": "claude_k8s" }),
  ],
  [
    "a pod of another manager",
    /^The pod needs the labels/,
    ({ job }) =>
      relabel(job.spec?.template.metadata, { ...job.metadata?.labels, "app.kubernetes.io/managed-by": "me" }),
  ],
  [
    "a pod of another adapter",
    /^The pod needs the labels/,
    ({ job }) =>
      relabel(job.spec?.template.metadata, { ...job.metadata?.labels, "paperclip.io/adapter-type": "other" }),
  ],
  ["a pod without labels", /^The pod needs the labels/, ({ job }) => delete job.spec?.template.metadata?.labels],
  [
    "a pod that NetworkPolicies do not know",
    /^The pod needs the labels/,
    ({ job }) => delete job.spec?.template.metadata?.labels?.["paperclip.io/adapter-type"],
  ],
  ["many pods", /must run one pod/, ({ job }) => Object.assign(job.spec ?? {}, { parallelism: 100 })],
  [
    "many pods, one after another",
    /must run one pod/,
    ({ job }) => Object.assign(job.spec ?? {}, { completions: 100 }),
  ],
  ["retries", /must run one pod/, ({ job }) => Object.assign(job.spec ?? {}, { backoffLimit: 6 })],
  ["a work queue", /must run one pod/, ({ job }) => delete job.spec?.completions],
  ["others' pods", /must run one pod/, ({ job }) => Object.assign(job.spec ?? {}, { manualSelector: true })],
  [
    "restarts",
    /must run one pod/,
    ({ pod }) => {
      pod.restartPolicy = "OnFailure";
    },
  ],
  ["two containers", /one container/, ({ pod, container }) => pod.containers.push({ ...container, name: "two" })],
  [
    "an init container under the recorder's name, which is no sidecar",
    /one container/,
    (shape) => recorder(shape, { restartPolicy: "OnFailure" }),
  ],
  ["a sidecar of another name", /one container/, (shape) => recorder(shape, { name: "proxy" })],
  [
    "a recorder that sees a home",
    /mount no claim/,
    (shape) => {
      privateHome(shape);
      recorder(shape, { volumeMounts: [{ name: "home", mountPath: "/paperclip" }] });
    },
  ],
  [
    "a sidecar under the name of what copies Claude Code",
    /one container/,
    (shape) => copiedCli(shape, { restartPolicy: "Always" }),
  ],
  [
    "a second setup step",
    /one container/,
    (shape) => {
      copiedCli(shape);
      const [copier] = shape.pod.initContainers ?? [];
      if (copier) shape.pod.initContainers?.push({ ...copier, name: "setup" });
    },
  ],
  [
    "one that copies into a home",
    /mount no claim/,
    (shape) => {
      privateHome(shape);
      copiedCli(shape, { volumeMounts: [{ name: "home", mountPath: "/paperclip" }] });
    },
  ],
  ["a privileged recorder", /privileged/, (shape) => recorder(shape, { securityContext: { privileged: true } })],
  [
    "a recorder with another Secret in its environment",
    /no environment but/,
    (shape) => recorder(shape, { envFrom: [{ secretRef: { name: "database" } }] }),
  ],
  [
    "no AppArmor",
    /Unconfined/,
    ({ pod }) => Object.assign(pod.securityContext ?? {}, { appArmorProfile: { type: "Unconfined" } }),
  ],
  [
    "no seccomp in the container",
    /Unconfined/,
    ({ container }) => {
      security(container).seccompProfile = { type: "Unconfined" };
    },
  ],
  [
    "an init container",
    /one container/,
    ({ pod, container }) => {
      pod.initContainers = [{ ...container, name: "init" }];
    },
  ],
  [
    "a recorder that its agent would wait for",
    /one recorder/,
    ({ pod, container }) => {
      pod.initContainers = [{ ...container, name: "recorder" }];
    },
  ],
  [
    "a sidecar of another name",
    /one recorder/,
    ({ pod, container }) => {
      pod.initContainers = [{ ...container, name: "init", restartPolicy: "Always" } as typeof container];
    },
  ],
  [
    "a privileged recorder",
    /must not be privileged/,
    ({ pod, container }) => {
      const securityContext = { ...container.securityContext, privileged: true };
      pod.initContainers = [
        { ...container, name: "recorder", restartPolicy: "Always", securityContext } as typeof container,
      ];
    },
  ],
  [
    "the host's network",
    /host's network/,
    ({ pod }) => {
      pod.hostNetwork = true;
    },
  ],
  [
    "the host's processes",
    /host's network/,
    ({ pod }) => {
      pod.hostPID = true;
    },
  ],
  [
    "the host's IPC",
    /host's network/,
    ({ pod }) => {
      pod.hostIPC = true;
    },
  ],
  [
    "a node by name",
    /host's network/,
    ({ pod }) => {
      pod.nodeName = "control-plane-0";
    },
  ],
  [
    "a port of the host",
    /host's network/,
    ({ container }) => {
      container.ports = [{ containerPort: 1, hostPort: 1 }];
    },
  ],
  [
    "every taint",
    /taint/,
    ({ pod }) => {
      pod.tolerations = [{ operator: "Exists" }];
    },
  ],
  [
    "the control plane's taint",
    /taint/,
    ({ pod }) => {
      pod.tolerations = [{ key: "node-role.kubernetes.io/control-plane", operator: "Exists" }];
    },
  ],
  [
    "the system's priority",
    /priority/,
    ({ pod }) => {
      pod.priorityClassName = "system-node-critical";
    },
  ],
  ["a token, by default", /no token/, ({ pod }) => delete pod.automountServiceAccountToken],
  [
    "a token",
    /no token/,
    ({ pod }) => {
      pod.automountServiceAccountToken = true;
    },
  ],
  [
    "Paperclip's service account",
    /must match default\|claude-agent/,
    ({ pod }) => {
      pod.serviceAccountName = "paperclip";
    },
  ],
  [
    "an account that only begins so",
    /must match/,
    ({ pod }) => {
      pod.serviceAccountName = "claude-agent-admin";
    },
  ],
  [
    "root, by default",
    /other than root/,
    ({ pod }) => {
      pod.securityContext = {};
    },
  ],
  ["root", /other than root/, ({ pod }) => Object.assign(pod.securityContext ?? {}, { runAsUser: 0 })],
  [
    "root in the container",
    /other than root/,
    ({ container }) => {
      security(container).runAsUser = 0;
    },
  ],
  [
    "root allowed in the container",
    /other than root/,
    ({ container }) => {
      security(container).runAsNonRoot = false;
    },
  ],
  [
    "a privileged container",
    /privileged/,
    ({ container }) => {
      security(container).privileged = true;
    },
  ],
  ["escalation, by default", /escalate/, ({ container }) => delete container.securityContext?.allowPrivilegeEscalation],
  ["no security context", /privileged/, ({ container }) => delete container.securityContext],
  [
    "a capability",
    /capabilities/,
    ({ container }) => {
      security(container).capabilities = { drop: ["ALL"], add: ["NET_ADMIN"] };
    },
  ],
  [
    "capabilities kept",
    /capabilities/,
    ({ container }) => {
      security(container).capabilities = { drop: ["KILL"] };
    },
  ],
  ["capabilities, by default", /capabilities/, ({ container }) => delete container.securityContext?.capabilities],
  ["a path of the host", /mount nothing but/, ({ pod }) => mount(pod, { hostPath: { path: "/" } })],
  ["another Secret", /mount nothing but/, ({ pod }) => mount(pod, { secret: { secretName: "database" } })],
  [
    "a token by projection",
    /mount nothing but/,
    ({ pod }) => mount(pod, { projected: { sources: [{ serviceAccountToken: { path: "token" } }] } }),
  ],
  [
    "another Secret by projection",
    /mount nothing but/,
    ({ pod }) => mount(pod, { projected: { sources: [{ secret: { name: "database" } }] } }),
  ],
  [
    "a Secret that is named like those which runs share",
    /mount nothing but/,
    ({ pod }) => mount(pod, { projected: { sources: [{ secret: { name: "ac-bundle-0a-database" } }] } }),
  ],
  ["an NFS server", /mount nothing but/, ({ pod }) => mount(pod, { nfs: { server: "10.0.0.1", path: "/" } })],
  [
    "another Secret in the environment",
    /no environment but/,
    ({ container }) => container.env?.push({ name: "X", valueFrom: { secretKeyRef: { name: "database", key: "x" } } }),
  ],
  [
    "a whole Secret in the environment",
    /no environment but/,
    ({ container }) => {
      container.envFrom = [{ secretRef: { name: "database" } }];
    },
  ],
];
