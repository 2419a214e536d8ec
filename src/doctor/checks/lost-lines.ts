import { missingRights } from "../../kubernetes/access.ts";
import { optionalRights } from "../../kubernetes/needed-rights.ts";
import { isOnPaperclipsVolume } from "../../run/plan/plan.ts";
import { type Check, info } from "../check.ts";
import { homeOf } from "../home.ts";

/** What becomes of lines that the cluster's log loses? Nothing to be warned of: the right is for the operator to weigh. */
export const checkLostLines: Check = async (context) => {
  const { client, namespace, call } = context;
  const code = "k8s_lost_lines";
  if (isOnPaperclipsVolume(homeOf(context)))
    return [info(code, "Lines that the cluster's log loses are read from the copy on Paperclip's volume.")];
  try {
    const rights = optionalRights.lostLines.map((right) => ({ ...right, namespace }));
    const missing = await missingRights(client, rights, call);
    if (missing.length === 0) return [info(code, "Lines that the cluster's log loses are read from the living pod.")];
    const which = "the optional right to read them from the pod (pods/exec, in deploy/rbac.yaml) is not granted";
    return [info(code, `Lines that the cluster's log loses are named as missing: ${which}.`)];
  } catch {
    // Rights cannot be asked for: the check of the needed ones says so.
    return [];
  }
};
