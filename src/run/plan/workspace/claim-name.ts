/** The PersistentVolumeClaim of a workspace: whose it is, and what lies where in it. Pure. */
import { createHash } from "node:crypto";
import type { Installation } from "../../../paperclip/installation.ts";
import type { Tenant } from "../home/entitlement.ts";

export interface WorkspaceClaim {
  readonly name: string;
  readonly per: "agent" | "task";
  /** Null: it is the agent's, or that of its runs without a task. */
  readonly taskId: string | null;
  /** Below the claim's root: what is mounted at WORKSPACE_FOLDER. */
  readonly folder: string;
}

/** Below the claim's root: the agent's home, where no other one outlives the pod. */
export const CLAIMS_HOME = "home";
const TASKS = "tasks";

export interface WhoseClaim {
  readonly tenant: Tenant;
  readonly taskId: string | null;
  readonly per: WorkspaceClaim["per"];
  readonly installation: Pick<Installation, "label">;
}

/**
 * `ac-AGENT-HASH-workspace`: the same for the same owner, so that a repeated create meets its own claim. No id leads to
 * another's folder: each is one name of a path, made of its hash.
 */
export function workspaceClaim({ tenant, taskId, per, installation }: WhoseClaim): WorkspaceClaim {
  const owner = [installation.label, tenant.companyId, tenant.agentId, ...(per === "task" ? [taskId ?? ""] : [])];
  const name = ["ac", slug(tenant.agentId), hash(owner), "workspace"].filter(Boolean).join("-");
  const folder = taskId === null ? "no-task" : [slug(taskId), hash([taskId])].filter(Boolean).join("-");
  return { name, per, taskId: per === "task" ? taskId : null, folder: `${TASKS}/${folder}` };
}

const hash = (parts: readonly string[]): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 10);

const slug = (id: string): string =>
  id
    .toLowerCase()
    .replace(/[^a-z0-9-]/g, "")
    .slice(0, 16)
    .replace(/^-+|-+$/g, "");
