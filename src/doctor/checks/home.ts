import type { AdapterEnvironmentCheck } from "@paperclipai/adapter-utils";
import { ApiError } from "../../kubernetes/api-error.ts";
import { persistentVolumeClaims } from "../../kubernetes/resource-types.ts";
import { isHomeOnClaim } from "../../run/plan/plan.ts";
import { adviceFor } from "../../run/shared/api-advice.ts";
import { type Check, type CheckContext, info, problem } from "../check.ts";
import { homeOf } from "../home.ts";

/** Is there a volume that keeps Claude Code's sessions, what of Paperclip's does the pod see, and can several pods use it? */
export const checkHome: Check = async (context) => {
  const { agent, hostPod } = context;
  const onClaim =
    agent.config.workspace === "claim" && isHomeOnClaim(homeOf(context), hostPod.kind === "found" ? hostPod.pod : null);
  if (onClaim) return [info("k8s_home_workspace", ON_CLAIM)];
  return [...whatIsSeen(context), ...(await checkClaim(context))];
};

const ON_CLAIM = "The agent's home lies on the claim of its workspace: sessions are kept there.";

function whatIsSeen(context: CheckContext): AdapterEnvironmentCheck[] {
  const { kind, claim, path } = homeOf(context);
  if (claim === null) return [];
  const { claimName } = claim;
  if (kind === "private") {
    const message = `Agents have private homes on Paperclip's claim ${claimName}: a pod sees its agent's own home at ${path}, its agent's folder and its company's projects of which the run is told, and its agent's instructions, read-only; nothing else of Paperclip.`;
    return [info("k8s_home_private", message)];
  }
  if (kind === "own") {
    const message = `The agent's home is claim ${claimName}; its pods see nothing of Paperclip's home.`;
    return [info("k8s_home_own", message)];
  }
  const message = `Agents share Paperclip's home on claim ${claimName}, as its user: each of them is as powerful as Paperclip's server, and reads and writes what all companies have there.`;
  const fix = "Set `home: private` in the policy (PAPERCLIP_K8S_POLICY), so that each agent gets a home of its own.";
  return [problem("warn", "k8s_home_shared", message, fix)];
}

async function checkClaim(context: CheckContext): Promise<AdapterEnvironmentCheck[]> {
  const { client, namespace, hostPod, agent, call } = context;
  const claimName = homeOf(context).claim?.claimName;
  if (!claimName) {
    const message = "No volume outlives a run: each run starts with an empty home, and no session is resumed.";
    if (agent.policy.home === "none") {
      const unset = `Set "home" in the policy, which is "none" there (PAPERCLIP_K8S_POLICY), or set "Home volume claim".`;
      return [problem("warn", "k8s_pvc_not_detected", message, unset)];
    }
    if (hostPod.kind === "unseen")
      return [problem("warn", "k8s_pvc_not_detected", `${message} Paperclip's own may not be looked at.`, hostPod.fix)];
    const fix = `Set "Home volume claim", or run Paperclip in this cluster with a claim mounted at its home.`;
    return [problem("warn", "k8s_pvc_not_detected", message, fix)];
  }
  try {
    const claim = await client.find(persistentVolumeClaims, namespace, claimName, call);
    if (!claim) {
      const message = `There is no claim ${claimName} in ${namespace}.`;
      return [problem("error", "k8s_pvc_missing", message, "Create it, or name another.")];
    }
    if (claim.spec?.accessModes?.includes("ReadWriteMany"))
      return [info("k8s_pvc_rwx", `Claim ${claimName} can be mounted by many nodes (ReadWriteMany).`)];
    const message = `Claim ${claimName} can be mounted by one node only: all pods that use it must run there.`;
    return [problem("warn", "k8s_pvc_not_rwx", message, "Use a claim with access mode ReadWriteMany.")];
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.forbidden)
      return [
        info("k8s_pvc_unchecked", `Claim ${claimName} was not looked at: the right to get claims is not needed.`),
      ];
    return [problem("warn", "k8s_pvc_check_failed", error.message, adviceFor(error))];
  }
}
