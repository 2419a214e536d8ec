import { ApiError } from "../../kubernetes/api-error.ts";
import { namespaces } from "../../kubernetes/resource-types.ts";
import { type Check, info, messageOf, problem } from "../check.ts";

/** Does the namespace exist? Looking at it is a cluster-wide right that the adapter itself does without. */
export const checkNamespace: Check = async ({ client, namespace, call }) => {
  try {
    const found = await client.find(namespaces, "", namespace, call);
    if (found) return [info("k8s_namespace_exists", `Namespace ${namespace} exists.`)];
    return [
      problem(
        "error",
        "k8s_namespace_missing",
        `There is no namespace ${namespace}.`,
        `Create it (kubectl create namespace ${namespace}) or set another one in "Namespace".`,
      ),
    ];
  } catch (error) {
    if (error instanceof ApiError && error.forbidden)
      return [info("k8s_namespace_unchecked", `Namespace ${namespace} was not looked at: that right is not needed.`)];
    return [problem("warn", "k8s_namespace_check_failed", messageOf(error), "Try again when the cluster answers.")];
  }
};
