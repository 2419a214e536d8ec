import { missingRights } from "../../kubernetes/access.ts";
import { neededRights } from "../../kubernetes/needed-rights.ts";
import { type Check, info, messageOf, problem } from "../check.ts";

/** Has Paperclip every right that a run uses? Each missing one is named. */
export const checkRights: Check = async ({ client, namespace, call }) => {
  try {
    const rights = neededRights.map((right) => ({ ...right, namespace }));
    const missing = await missingRights(client, rights, call);
    if (missing.length === 0) return [info("k8s_rbac", `All ${rights.length} rights are granted in ${namespace}.`)];
    return missing.map(({ right, sentence }) =>
      problem(
        // Without watching, the adapter asks again and again.
        right.verb === "watch" ? "warn" : "error",
        `k8s_rbac_${right.resource.replace("/", "_")}_${right.verb}`,
        `Paperclip may not ${sentence}.`,
        `Grant it to Paperclip's service account: kubectl apply -n ${namespace} -f deploy/rbac.yaml`,
      ),
    );
  } catch (error) {
    return [problem("warn", "k8s_rbac_check_failed", messageOf(error), "Try again when the cluster answers.")];
  }
};
