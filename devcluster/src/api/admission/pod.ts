import { generatedName } from "../../store/names.ts";
import { list, type Plain, plain } from "../../store/plain.ts";
import type { RuleContext } from "../../store/rules.ts";
import type { KubeObject } from "../../types.ts";
import { forbidden } from "../api-error.ts";
import { containersOf } from "../defaults/pod-spec.ts";

const TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount";
const SYSTEM_PRIORITIES: Readonly<Record<string, number>> = {
  "system-cluster-critical": 2_000_000_000,
  "system-node-critical": 2_000_001_000,
};

/** What admission plugins add to every new pod: its ServiceAccount and token, a priority, two tolerations. */
export function admitPod(pod: KubeObject, context: RuleContext): void {
  const spec = plain(pod.spec);
  admitServiceAccount(pod, spec, context);
  admitPriority(pod, spec, context);
  addTolerations(spec);
}

function admitServiceAccount(pod: KubeObject, spec: Plain, { resource, store }: RuleContext): void {
  const namespace = pod.metadata.namespace ?? "";
  const name = String(spec.serviceAccountName || "default");
  spec.serviceAccountName = name;
  spec.serviceAccount = name;
  const account = store.get("serviceaccounts", namespace, name);
  if (account === undefined) {
    const why = `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`;
    throw forbidden(resource, pod.metadata.name, why);
  }
  if (spec.imagePullSecrets === undefined && list(account.imagePullSecrets).length > 0) {
    spec.imagePullSecrets = account.imagePullSecrets;
  }
  if ((spec.automountServiceAccountToken ?? account.automountServiceAccountToken) === false) return;
  const bare = containersOf(spec).filter(
    (container) => !list(container.volumeMounts).some((mount) => plain(mount).mountPath === TOKEN_PATH),
  );
  if (bare.length === 0) return;
  const volume = tokenVolume();
  spec.volumes = [...list(spec.volumes), volume];
  for (const container of bare) {
    const mount = { name: volume.name, readOnly: true, mountPath: TOKEN_PATH };
    container.volumeMounts = [...list(container.volumeMounts), mount];
  }
}

function tokenVolume(): Plain {
  return {
    name: generatedName("kube-api-access-"),
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
        { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
        {
          downwardAPI: {
            items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }],
          },
        },
      ],
      defaultMode: 420,
    },
  };
}

/** There are no PriorityClasses here but the two that every cluster has. */
function admitPriority(pod: KubeObject, spec: Plain, { resource }: RuleContext): void {
  const name = spec.priorityClassName;
  if (typeof name === "string" && name !== "") {
    const value = SYSTEM_PRIORITIES[name];
    if (value === undefined) {
      throw forbidden(resource, pod.metadata.name, `no PriorityClass with name ${name} was found`);
    }
    spec.priority = value;
  }
  spec.priority ??= 0;
  spec.preemptionPolicy ??= "PreemptLowerPriority";
}

function addTolerations(spec: Plain): void {
  const tolerations = list(spec.tolerations).map(plain);
  const missing = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]
    .filter((key) => !tolerations.some((it) => (it.key === key || it.key === undefined) && tolerates(it)))
    .map((key) => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 }));
  spec.tolerations = [...tolerations, ...missing];
}

function tolerates({ effect }: Plain): boolean {
  return effect === undefined || effect === "" || effect === "NoExecute";
}
