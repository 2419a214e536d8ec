import { ApiError } from "../../kubernetes/api-error.ts";
import { persistentVolumeClaims } from "../../kubernetes/resource-types.ts";
import { type Check, info, problem, wordsOf } from "../check.ts";

/** Is there a volume that keeps Claude Code's sessions, and can several pods use it? */
export const checkHome: Check = async ({ client, namespace, agent, hostPod }) => {
  const claimName = agent.config.homeClaim ?? (hostPod?.namespace === namespace ? hostPod.homeClaim?.claimName : null);
  if (!claimName)
    return [
      problem(
        "warn",
        "k8s_pvc_not_detected",
        "No volume outlives a run: each run starts with an empty home, and no session is resumed.",
        `Set "Home volume claim", or run Paperclip in this cluster with a claim mounted at its home.`,
      ),
    ];
  try {
    const claim = await client.find(persistentVolumeClaims, namespace, claimName, { retryForMs: 0 });
    if (!claim)
      return [
        problem(
          "error",
          "k8s_pvc_missing",
          `There is no claim ${claimName} in ${namespace}.`,
          "Create it, or name another.",
        ),
      ];
    if (claim.spec?.accessModes?.includes("ReadWriteMany"))
      return [info("k8s_pvc_rwx", `Claim ${claimName} can be mounted by many nodes (ReadWriteMany).`)];
    return [
      problem(
        "warn",
        "k8s_pvc_not_rwx",
        `Claim ${claimName} can be mounted by one node only: all pods that use it must run there.`,
        "Use a claim with access mode ReadWriteMany.",
      ),
    ];
  } catch (error) {
    if (error instanceof ApiError && error.forbidden)
      return [info("k8s_pvc_unchecked", `Claim ${claimName} was not looked at: that right is not needed.`)];
    return [
      problem(
        "warn",
        "k8s_pvc_check_failed",
        wordsOf(error),
        `Grant get on persistentvolumeclaims to let this be checked.`,
      ),
    ];
  }
};
