/** Takes rights away from the suite's service account, and gives them back. */
import { KubeConfig, RbacAuthorizationV1Api } from "@kubernetes/client-node";
import type { Place } from "./place.ts";

const ROLE = "paperclip-claude-k8s";

/** Without these verbs on this resource; resolves with the way to give them back. */
export async function takeRights(place: Place, resource: string, ...verbs: string[]): Promise<() => Promise<void>> {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(place.adminKubeconfig);
  const rbac = kubeConfig.makeApiClient(RbacAuthorizationV1Api);
  const { namespace } = place;
  const role = await rbac.readNamespacedRole({ name: ROLE, namespace });
  const rules = role.rules?.map((rule) =>
    rule.resources?.includes(resource) ? { ...rule, verbs: rule.verbs.filter((verb) => !verbs.includes(verb)) } : rule,
  );
  const set = async (body: object) => {
    await rbac.patchNamespacedRole({ name: ROLE, namespace, body: [{ op: "replace", path: "/rules", value: body }] });
  };
  await set((rules ?? []).filter((rule) => rule.verbs.length > 0));
  return () => set(role.rules ?? []);
}
