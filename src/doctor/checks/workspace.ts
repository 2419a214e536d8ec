import type { AdapterEnvironmentCheck } from "@paperclipai/adapter-utils";
import { ConfigError } from "../../config/config-error.ts";
import { missingRights } from "../../kubernetes/access.ts";
import { ApiError } from "../../kubernetes/api-error.ts";
import { optionalRights } from "../../kubernetes/needed-rights.ts";
import { persistentVolumeClaims } from "../../kubernetes/resource-types.ts";
import { isOnPaperclipsVolume, whyNoFolders } from "../../run/plan/plan.ts";
import { adviceFor } from "../../run/shared/api-advice.ts";
import { type Check, type CheckContext, info, messageOf, problem } from "../check.ts";
import { homeOf } from "../home.ts";

/** How does the project come into the pod, and why so? The test is told no project: it says what one would find. */
export const checkWorkspace: Check = async (context) => {
  const { workspace } = context.agent.config;
  switch (workspace) {
    case "empty":
      return [info("k8s_workspace_empty", "Agents work in an empty folder of their own, without their project.")];
    case "clone":
      return [info("k8s_workspace_clone", `${CLONED} ${VOLATILE}`)];
    case "claim":
      return claimed(context);
    case "mounted":
    case "auto":
      return isOnPaperclipsVolume(homeOf(context)) ? mounted(context) : unseen(context);
  }
};

const CLONED =
  "The project's repository is cloned for each run; an agent whose project names none works in an empty folder, and its run says so.";
const VOLATILE = "The folder goes with the pod: what is not pushed then is gone.";

function mounted({ agent }: CheckContext): AdapterEnvironmentCheck[] {
  const isPrivate = agent.policy.home === "private";
  const which = isPrivate ? "those that Paperclip keeps, and those of `workspaces` in the policy" : "all of its home";
  const other = agent.config.workspace === "auto" ? `For another one, it is as with a clone: ${CLONED}` : "";
  const message = `Agents work in Paperclip's own folders of their projects (${which}), worktrees included. ${other}`;
  return [info("k8s_workspace_mounted", message.trim())];
}

function unseen(context: CheckContext): AdapterEnvironmentCheck[] {
  const { agent, hostPod } = context;
  const why = whyNoFolders({
    home: homeOf(context),
    mode: agent.policy.home,
    paperclipsClaim: hostPod.kind === "found" ? (hostPod.pod.homeClaim?.claimName ?? null) : null,
    missing: hostPod.kind === "found" ? undefined : hostPod,
  });
  if (agent.config.workspace === "mounted")
    return [
      problem(
        "error",
        "k8s_workspace_unseen",
        `workspace is mounted, and pods do not see Paperclip's folders: ${why}. A run with a project is refused.`,
        "Run Paperclip in this cluster with a claim at its home, or set workspace: clone or claim.",
      ),
    ];
  return [info("k8s_workspace_clone", `Pods do not see Paperclip's folders: ${why}. ${CLONED} ${VOLATILE}`)];
}

async function claimed({ client, namespace, plan, call }: CheckContext): Promise<AdapterEnvironmentCheck[]> {
  // The plan's own problems are reported by the checks on the configuration.
  if (plan instanceof ConfigError || !plan.claimRequest) return [];
  try {
    const rights = optionalRights.workspaceClaims.map((right) => ({ ...right, namespace }));
    const missing = await missingRights(client, rights, call);
    if (missing.length > 0) {
      const which = missing.map(({ sentence }) => sentence).join("; ");
      const fix = `Grant it to Paperclip's service account: the rule on persistentvolumeclaims in deploy/rbac.yaml, which is a comment there.`;
      return [problem("error", "k8s_workspace_claim_rights", `Paperclip may not ${which}.`, fix)];
    }
    const { object } = plan.claimRequest;
    const stored = await client.create(persistentVolumeClaims, namespace, object, { ...call, dryRun: true });
    const size = stored.spec?.resources?.requests?.storage;
    const of = stored.spec?.storageClassName;
    if (!of) {
      const none = "The cluster has no default StorageClass, and the policy names none: a claim gets no volume.";
      const fix = "Name one in workspaceClaims.storageClassName of the policy, or make one the default.";
      return [problem("error", "k8s_workspace_claim_class", none, fix)];
    }
    const message = `The project's repository is cloned once into a claim of ${size} (StorageClass ${of}), which the adapter makes with the first run; it stays for later ones.`;
    return [info("k8s_workspace_claim", message)];
  } catch (error) {
    const fix = error instanceof ApiError ? adviceFor(error) : "This is a fault of the adapter; please report it.";
    const level =
      error instanceof ApiError && error.kind === "status" && (error.status ?? 500) < 429 ? "error" : "warn";
    return [problem(level, "k8s_workspace_claim_refused", `A claim for the workspace: ${messageOf(error)}`, fix)];
  }
}
