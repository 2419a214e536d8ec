/** Where the agent works: its home, with the folders of Paperclip that it sees there, and its workspace. Pure. */
import { isBelow } from "../../paperclip/paths.ts";
import { text, type Wake } from "../../paperclip/wake.ts";
import { agentLabel } from "../shared/names.ts";
import { entitledFolders } from "./home/entitlement.ts";
import { chooseHome, type Home, isHomeOnClaim, isSeen, onClaim, ownDirectory, paperclipsFolder } from "./home.ts";
import type { PlanInput } from "./plan-input.ts";
import { type ClaimRequest, claimRequest } from "./workspace/claim-request.ts";
import { missingFolder } from "./workspace/missing.ts";
import { shownUrl } from "./workspace/repository.ts";
import { whyUnseen } from "./workspace/unseen.ts";
import { chooseWorkspace, hasProject, type Workspace } from "./workspace/workspace.ts";

export interface Workplace {
  readonly workspace: Workspace;
  /** The claim that it needs; null where it needs none. */
  readonly claimRequest: ClaimRequest | null;
  readonly cwd: string;
  /** Paperclip's workspace, as Paperclip has it. */
  readonly workspaceCwd: string | null;
  readonly home: Home;
  /** A folder in the home, for what is no project's. */
  readonly ownDirectory: string;
  /** How the project comes into the pod, or why it does not; null where it needs no word. */
  readonly note: string | null;
}

/** Throws ConfigError where the agent's `workspace` cannot be had. */
export function chooseWorkplace(input: PlanInput, namespace: string, wake: Wake): Workplace {
  const { ctx, agent, hostPod, installation } = input;
  const { config, policy } = agent;
  const tenant = { companyId: ctx.agent.companyId, agentId: ctx.agent.id };
  const chosen = chooseHome({ namespace, claim: config.homeClaim, hostPod, mode: policy.home, tenant });
  const workspaceCwd = paperclipsFolder(wake.workspace, config.cwd);
  const own = ownDirectory(chosen, agentLabel(ctx.agent.id));
  const withProject = withFolders(input, chosen, wake, workspaceCwd);
  const reasons = {
    ...{ home: chosen, mode: policy.home, missing: input.hostPodMissing },
    paperclipsClaim: hostPod?.homeClaim?.claimName ?? null,
  };
  const unseen = (path: string): string => whyUnseen(path, reasons);
  const workspace = chooseWorkspace({
    ...{ mode: config.workspace, wake, paperclips: workspaceCwd, configured: config.cwd, own, whyUnseen: unseen },
    isSeen: (path) => isSeen(path, withProject),
    claim: { tenant, per: policy.workspaceClaims?.per ?? "agent", installation },
  });
  if (workspace.kind === "mounted" && input.disk?.isWorkspaceMissing && hasProject(wake))
    throw missingFolder(workspace.cwd);
  const worksThere = workspaceCwd === null || workspace.cwd === workspaceCwd;
  const home = worksThere ? withProject : withFolders(input, chosen, wake, null);
  const note = noteOn(
    workspace,
    workspaceCwd !== null && !isSeen(workspaceCwd, withProject) ? unseen(workspaceCwd) : null,
  );
  return {
    ...{ workspace, claimRequest: claimOf(input, namespace, workspace), workspaceCwd, note, ownDirectory: own },
    home: lasting(home, workspace, namespace, hostPod),
    cwd: workspace.cwd,
  };
}

/** @param unseen why the pod does not see Paperclip's folder; null where it does, or where there is none */
function noteOn(workspace: Workspace, unseen: string | null): string | null {
  if (workspace.kind === "mounted") return null;
  if (workspace.kind !== "clone") return workspace.warning;
  const { cwd, repository } = workspace;
  return unseen === null ? null : `The agent works in ${cwd}, a clone of ${shownUrl(repository.url)}. ${unseen}.`;
}

function claimOf(input: PlanInput, namespace: string, workspace: Workspace): ClaimRequest | null {
  const { ctx, agent, installation } = input;
  const { workspaceClaims: rule } = agent.policy;
  if (workspace.kind !== "claim" || rule === null) return null;
  const { id: agentId, companyId, name: agentName } = ctx.agent;
  const { claim } = workspace;
  const size = agent.config.workspaceSize;
  return claimRequest({ claim, namespace, tenant: { agentId, companyId }, agentName, installation, rule, size });
}

const lasting = (home: Home, workspace: Workspace, namespace: string, hostPod: PlanInput["hostPod"]): Home =>
  workspace.kind === "claim" && isHomeOnClaim(home, hostPod) ? onClaim(namespace, workspace.claim.name) : home;

/** @param workspaceCwd null: the agent does not work in a folder of Paperclip's */
function withFolders(input: PlanInput, home: Home, wake: Wake, workspaceCwd: string | null): Home {
  return home.kind === "private" ? { ...home, folders: foldersOf(input, home, wake, workspaceCwd) } : home;
}

function foldersOf(input: PlanInput, { path }: Home, { workspace }: Wake, workspaceCwd: string | null) {
  const { ctx, agent, bundle, disk } = input;
  const { id: agentId, companyId } = ctx.agent;
  const { workspaces, instructions } = agent.policy;
  const { cwd: configured } = agent.config;
  const hints = workspace.hints.map(({ cwd }) => text(cwd));
  const ofProject = [workspaceCwd, workspace.worktreePath, disk?.repository ?? null, ...hints];
  const paths = [...(workspaceCwd === null && configured === null ? [] : ofProject), configured];
  const named = {
    agentHome: workspace.agentHome,
    instructions: bundle.instructions?.path ?? null,
    ownInstructions: instructions === "readWrite",
  };
  const place = { path, instance: disk?.instance ?? "default", workspaceRoots: workspaces };
  const folders = (more: readonly string[]) =>
    entitledFolders(
      { ...named, workspaces: [...paths.filter((each) => each !== null), ...more] },
      { agentId, companyId },
      place,
    );
  const without = folders([]);
  if (configured !== null || without.some((folder) => workspaceCwd !== null && isBelow(workspaceCwd, folder.path)))
    return without;
  // It works in the folder that it had in the shared home.
  return folders([ownDirectory({ path }, agentLabel(agentId))]);
}
