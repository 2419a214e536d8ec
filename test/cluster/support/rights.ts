/** Takes rights away from the suite's service account, or grants more, and undoes it. */
import { KubeConfig, RbacAuthorizationV1Api, type V1PolicyRule } from "@kubernetes/client-node";
import { optionalRights } from "../../../src/kubernetes/needed-rights.ts";
import type { Place } from "./place.ts";

const ROLE = "paperclip-claude-k8s";

/** Without these verbs on this resource; resolves with the way to give them back. */
export function takeRights(place: Place, resource: string, ...verbs: string[]): Promise<() => Promise<void>> {
  return changeRules(place, (rules) =>
    rules
      .map((rule) =>
        rule.resources?.includes(resource)
          ? { ...rule, verbs: rule.verbs.filter((verb) => !verbs.includes(verb)) }
          : rule,
      )
      .filter((rule) => rule.verbs.length > 0),
  );
}

/** Grants what deploy/rbac.yaml has as a comment; resolves with the way to take it back. */
export function giveOptionalRights(
  place: Place,
  which: keyof typeof optionalRights = "lostLines",
): Promise<() => Promise<void>> {
  const more = optionalRights[which].map(({ group, resource, verb }) => ({
    apiGroups: [group],
    resources: [resource],
    verbs: [verb],
  }));
  return changeRules(place, (rules) => [...rules, ...more]);
}

async function changeRules(place: Place, change: (rules: V1PolicyRule[]) => V1PolicyRule[]) {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(place.adminKubeconfig);
  const rbac = kubeConfig.makeApiClient(RbacAuthorizationV1Api);
  const { namespace } = place;
  const { rules = [] } = await rbac.readNamespacedRole({ name: ROLE, namespace });
  const set = async (value: V1PolicyRule[]): Promise<void> => {
    await rbac.patchNamespacedRole({ name: ROLE, namespace, body: [{ op: "replace", path: "/rules", value }] });
  };
  await set(change(rules));
  return () => set(rules);
}
