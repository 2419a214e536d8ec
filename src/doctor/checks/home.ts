import { ApiError } from "../../kubernetes/api-error.ts";
import { persistentVolumeClaims } from "../../kubernetes/resource-types.ts";
import { adviceFor } from "../../run/shared/api-advice.ts";
import { type Check, info, problem } from "../check.ts";
import { homeOf } from "../home.ts";

/** Is there a volume that keeps Claude Code's sessions, and can several pods use it? */
export const checkHome: Check = async (context) => {
  const { client, namespace, hostPod, call } = context;
  const claimName = homeOf(context).claim?.claimName;
  if (!claimName) {
    const message = "No volume outlives a run: each run starts with an empty home, and no session is resumed.";
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
};
