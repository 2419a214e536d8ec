/** Writes Paperclip's Role and its binding from the list of rights that the code uses. A test holds them in step. */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Right } from "../src/kubernetes/access.ts";
import { neededRights, optionalRights } from "../src/kubernetes/needed-rights.ts";

const inDeploy = (path: string): string => fileURLToPath(new URL(`../deploy/${path}`, import.meta.url));

const ALONE = `# What Paperclip's service account needs in the namespace of the agents' Jobs: nothing cluster-wide. Among Secrets it reads only
# those whose name it knows; which Jobs and Secrets it may create is held by deploy/kustomize/admission (docs/deploy.md).
#
#   kubectl apply -n NAMESPACE -f deploy/rbac.yaml
#
# Change the subject's name and namespace to those of Paperclip's own pod.`;

const IN_BASE = `# The same as ../../rbac.yaml, which a kustomization of another folder may not read.`;

/** Why one would grant it, and what it costs. */
const OPTIONAL: Readonly<Record<keyof typeof optionalRights, readonly string[]>> = {
  lostLines: [
    "Optional: where the agents do not share Paperclip's home, lines of a transcript that the cluster's log has lost are read",
    "from the pod itself, while it lives (docs/decisions/0011-lost-lines-from-the-living-pod.md). Think before you grant it:",
    "who may do this can run any program in any pod of the namespace, and read every Secret that those pods have.",
  ],
  workspaceClaims: [
    "Optional, and needed for `workspace: claim` (workspaceClaims of the policy, docs/workspace.md): the adapter makes, grows and",
    "removes the claims that it made itself. Who may do this can remove every claim of the namespace, with what is on it.",
  ],
  manyTakeOvers: [
    "Optional: an agent whose Job is taken over more than eight times (as many restarts of Paperclip in one run) gets the newest",
    "run's token all the same, without which it cannot close its task itself. Who may do this can change every Secret of the",
    "namespace.",
  ],
  queues: [
    "Optional: why a run waits in its queue (Kueue), and at which place (docs/queue.md). A Workload shows the pod template of a",
    "Job of the namespace, whoever made it.",
  ],
  networkPolicies: [
    "Optional: the environment test warns where no NetworkPolicy selects the agents' pods (docs/deploy.md).",
  ],
};

/** Its path, and what stands in it. */
export const roleFiles: Readonly<Record<string, string>> = {
  [inDeploy("rbac.yaml")]: role(ALONE),
  [inDeploy("kustomize/base/rbac.yaml")]: role(IN_BASE),
};

function role(head: string): string {
  const optional = Object.entries(OPTIONAL).flatMap(([name, why]) => [
    ...why,
    ...rulesOf(optionalRights[name as keyof typeof optionalRights]),
  ]);
  return `# Made by \`node scripts/role.ts\` from src/kubernetes/needed-rights.ts; do not edit.
${head}
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: paperclip-claude-k8s
rules:
${indented("  ", rulesOf(neededRights))}
${indented("  # ", optional)}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: paperclip-claude-k8s
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: paperclip-claude-k8s
subjects:
  - kind: ServiceAccount
    name: paperclip
    namespace: paperclip
`;
}

/** One rule for each resource, in the order of the list: lines of YAML. */
export function rulesOf(rights: readonly Right[]): string[] {
  const rules = Map.groupBy(rights, ({ group, resource }) => `${group}/${resource}`);
  return [...rules.values()].flatMap((rule) => [
    `- apiGroups: [${rule[0]?.group || '""'}]`,
    `  resources: [${rule[0]?.resource}]`,
    `  verbs: [${rule.map(({ verb }) => verb).join(", ")}]`,
  ]);
}

function indented(indent: string, lines: readonly string[]): string {
  return lines.map((line) => indent + line).join("\n");
}

if (import.meta.main) for (const [path, text] of Object.entries(roleFiles)) await writeFile(path, text);
