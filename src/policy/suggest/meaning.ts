/** What a rule opens, in plain words, and what to look at before it is applied. Pure. */
import type { Grant } from "../govern/refusal.ts";

export interface Meaning {
  /** A sentence. */
  readonly opens: string;
  /** A sentence; null: nothing beyond that. */
  readonly danger: string | null;
}

/** What a kubeconfig holds, where it can be looked at. */
export type KubeconfigSeen =
  | { readonly kind: "seen"; readonly programs: readonly string[] }
  | { readonly kind: "unseen"; readonly why: string };

export function meaningOf({ path, value }: Grant, companies: number, seen: (path: string) => KubeconfigSeen): Meaning {
  const [group = "", name = "", kind = ""] = path;
  if (group === "clusters") return kind === "namespaces" ? ofNamespace(String(value)) : ofCluster(value, seen);
  if (group === "allow") return ofValue(name, String(value), companies);
  if (group === "workspaceClaims")
    return {
      opens: "Agents may have volumes of their own, which the adapter makes, grows and removes (workspaceClaims).",
      danger: null,
    };
  return ofLimit(path);
}

function ofCluster(value: unknown, seen: (path: string) => KubeconfigSeen): Meaning {
  const { kubeconfig, context } = value as { kubeconfig?: string; context?: string };
  const opens = `Any agent may send its Jobs there${context ? `, to the context ${context}` : ""}, with the rights of that kubeconfig.`;
  if (kubeconfig === undefined)
    return { opens, danger: "The context is one of Paperclip's own kubeconfig: look which rights it has." };
  const found = seen(kubeconfig);
  if (found.kind === "unseen")
    return { opens, danger: `${kubeconfig} could not be looked at here (${found.why}): it may name a program.` };
  if (found.programs.length === 0) return { opens, danger: null };
  const programs = found.programs.join(", ");
  return {
    opens,
    danger: `It runs ${programs} on Paperclip's machine, with Paperclip's environment. Be sure that only you can change the file and the program.`,
  };
}

const SYSTEM_NAMESPACES = ["kube-system", "kube-public", "kube-node-lease", "default"];

function ofNamespace(namespace: string): Meaning {
  return {
    opens: "Agents may run there; they share its quota, its service accounts and its network rules.",
    danger: SYSTEM_NAMESPACES.includes(namespace) ? `${namespace} is no namespace for agents.` : null,
  };
}

const OPENS: Readonly<Record<string, string>> = {
  images: "Agents may run this image, with the pull secrets of Paperclip's pod.",
  pullPolicies: "Agents may choose this pull policy.",
  claims: "Agents may read and write all of this volume, and its files are given to the agents' group.",
  serviceAccounts: "Pods run as it: its pull secrets, and what a cloud gives to that account, are the agent's.",
  labels: "Job and pod may have a label of this key, with any value.",
  annotations: "The pod may have an annotation of this key, with any value.",
  nodeLabels: "Agents may choose nodes by it.",
  tolerations: "Agents may run on nodes with this taint.",
  priorityClasses: "Pods may have this priority, and may push others from their nodes.",
  runtimeClasses: "Pods may use this runtime.",
  queues: "Agents' Jobs may wait in this queue, and use its quota.",
  pullSecrets: "Pods may pull what that Secret opens.",
  users: "Pods may run as it, and read and write what it may on shared volumes.",
  configMaps: "Pods get the certificates in it.",
  podTemplate: "Agents may set this place of their pod's template, and all below it.",
  egress: "NetworkPolicies for paperclip.io/egress with this value apply to the pod.",
};

/** Labels that Services and meshes are known to select by. */
const SELECTORS =
  /^(app|name|component|tier|role|run|service|k8s-app)$|istio\.io|linkerd\.io|workload\.identity|cilium/;

const CONTROL_PLANE = /node-role\.kubernetes\.io\/(control-plane|master)|^node\.kubernetes\.io\//;

function ofValue(rule: string, value: string, companies: number): Meaning {
  const opens = OPENS[rule] ?? `Agents may set this value (allow.${rule}).`;
  const isTemplate = value.includes("{");
  const dangers = [
    rule === "labels" && SELECTORS.test(value)
      ? "Services, NetworkPolicies and meshes often select by this label: look that none does so here."
      : null,
    rule === "tolerations" && value === "*"
      ? "This is every taint, those of control planes and broken nodes too. Name the keys instead, in the agents and here."
      : null,
    (rule === "tolerations" || rule === "nodeLabels") && CONTROL_PLANE.test(value)
      ? "These are nodes of the control plane, or such as the cluster keeps pods away from."
      : null,
    rule === "podTemplate" ? "It reaches into the pod itself, as far as podSecurity lets it." : null,
    rule === "serviceAccounts" && !isTemplate ? "Look which rights and which cloud identity it has." : null,
    rule === "claims" && !isTemplate && companies > 1
      ? `${companies} companies share it, and read each other's files.`
      : null,
    rule === "claims" && !isTemplate && companies <= 1
      ? "Look that it is a volume of agents: any agent may name it now."
      : null,
  ].filter((one) => one !== null);
  return { opens, danger: dangers.join(" ") || null };
}

function ofLimit([, name = "", ...rest]: readonly string[]): Meaning {
  switch (name) {
    case "resources":
      return { opens: `Agents may ask for that much of ${rest[0]}.`, danger: null };
    case "graceSec":
      return { opens: "A stopped agent may go on that long (seconds).", danger: null };
    case "retainJobs":
      return { opens: "Agents may keep their Jobs, and the Secrets of them, after their runs.", danger: null };
    case "ttlSecondsAfterFinished":
      return { opens: "A finished Job, and its Secret, may stay that long (seconds).", danger: null };
    default:
      return { opens: `Agents may set ${name} to that.`, danger: null };
  }
}
