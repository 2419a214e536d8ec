import { child, list, plain } from "../../store/plain.ts";
import type { KubeObject } from "../../types.ts";
import { badRequest } from "../api-error.ts";
import type { ResourceDefinition } from "../resources.ts";
import { defaultJob } from "./job.ts";
import { defaultLimitRange } from "./limit-range.ts";
import { defaultNetworkPolicy } from "./network-policy.ts";
import { defaultPodSpec, defaultRequests } from "./pod-spec.ts";
import { defaultWebhooks } from "./webhook.ts";
import { defaultDaemonSet, defaultService, defaultStatefulSet } from "./workload.ts";

type Defaults = (object: KubeObject) => void;

const DEFAULTS: Readonly<Record<string, Defaults>> = {
  pods: defaultPod,
  jobs: defaultJob,
  statefulsets: defaultStatefulSet,
  daemonsets: defaultDaemonSet,
  services: defaultService,
  secrets: defaultSecret,
  namespaces: defaultNamespace,
  persistentvolumeclaims: (claim) => {
    child(claim, "spec").volumeMode ??= "Filesystem";
  },
  limitranges: defaultLimitRange,
  networkpolicies: defaultNetworkPolicy,
  mutatingwebhookconfigurations: defaultWebhooks,
  validatingwebhookconfigurations: defaultWebhooks,
  rolebindings: defaultBinding,
  clusterrolebindings: defaultBinding,
};

/** Fills in what the client left out; only ever fills holes, so that it may run on every write. */
export function applyDefaults(object: KubeObject, { name }: ResourceDefinition): void {
  DEFAULTS[name]?.(object);
}

function defaultPod(pod: KubeObject): void {
  const spec = child(pod, "spec");
  defaultPodSpec(spec);
  spec.enableServiceLinks ??= true;
  defaultRequests(spec);
}

function defaultNamespace(namespace: KubeObject): void {
  const { metadata } = namespace;
  child(namespace, "spec").finalizers ??= ["kubernetes"];
  metadata.labels = { ...metadata.labels, "kubernetes.io/metadata.name": metadata.name };
}

function defaultSecret(secret: KubeObject): void {
  secret.type ??= "Opaque";
  if (secret.stringData === undefined) return;
  const encoded = Object.entries(plain(secret.stringData)).map(([key, value]) => {
    if (typeof value !== "string") throw badRequest(`stringData.${key} is not a string`);
    return [key, Buffer.from(value).toString("base64")] as const;
  });
  secret.data = { ...plain(secret.data), ...Object.fromEntries(encoded) };
  delete secret.stringData;
}

function defaultBinding(binding: KubeObject): void {
  const GROUP = "rbac.authorization.k8s.io";
  const ref = plain(binding.roleRef);
  if (Object.keys(ref).length > 0) ref.apiGroup ||= GROUP;
  for (const subject of list(binding.subjects).map(plain)) {
    if (subject.kind === "User" || subject.kind === "Group") subject.apiGroup ||= GROUP;
  }
}
