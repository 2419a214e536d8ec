import { ApiError } from "../../kubernetes/api-error.ts";
import { KUEUE_VERSIONS, type LocalQueue, localQueues } from "../../kubernetes/kueue-types.ts";
import { adviceFor } from "../../run/shared/api-advice.ts";
import { type Check, type CheckContext, info, problem } from "../check.ts";

/** Is the agent's queue (Kueue) there, and open? The right to look is optional. */
export const checkQueue: Check = async (context) => {
  const { queue } = context.agent.config;
  if (queue === null) return [];
  try {
    return [judge(queue, await find(context, queue), context.namespace)];
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.forbidden) {
      const which = "the optional right to get it (deploy/rbac.yaml) is not granted";
      return [info("k8s_queue_unchecked", `Queue ${queue} was not looked at: ${which}.`)];
    }
    return [problem("warn", "k8s_queue_check_failed", error.message, adviceFor(error))];
  }
};

/** `no-kueue`: the API has no such kind. */
async function find(
  { client, namespace, call }: CheckContext,
  queue: string,
): Promise<LocalQueue | "missing" | "no-kueue"> {
  for (const version of KUEUE_VERSIONS) {
    try {
      return await client.get(localQueues(version), namespace, queue, call);
    } catch (error) {
      if (!(error instanceof ApiError && error.notFound)) throw error;
      // Of an object that is not there the server says its name.
      if (error.details?.name === queue) return "missing";
    }
  }
  return "no-kueue";
}

function judge(queue: string, found: LocalQueue | "missing" | "no-kueue", namespace: string) {
  if (found === "no-kueue")
    return problem(
      "error",
      "k8s_queue_no_kueue",
      `The cluster has no Kueue, and the agent's queue is ${queue}.`,
      "Install Kueue (kueue.sigs.k8s.io), or unset queue.",
    );
  if (found === "missing")
    return problem(
      "error",
      "k8s_queue_missing",
      `There is no LocalQueue ${queue} in namespace ${namespace}.`,
      "Create it, or set queue to one that is there (kubectl get localqueues).",
    );
  const active = found.status?.conditions?.find(({ type }) => type === "Active");
  if (active?.status === "False")
    return problem(
      "warn",
      "k8s_queue_inactive",
      `Queue ${queue} lets no run go: ${[active.reason, active.message].filter(Boolean).join(": ")}.`,
      "Ask the cluster's operator to open it again, or set another queue.",
    );
  return info("k8s_queue_active", `Runs wait in queue ${queue} of Kueue until its quota has room.`);
}
