/** Where the agent works: its home, with the folders of Paperclip that it sees there, and its working directory. Pure. */
import { isBelow } from "../../paperclip/paths.ts";
import { text, type Wake } from "../../paperclip/wake.ts";
import { agentLabel } from "../shared/names.ts";
import { entitledFolders } from "./home/entitlement.ts";
import { chooseHome, chooseWorkspace, type Home, isSeen, ownDirectory, workingDirectory } from "./home.ts";
import type { PlanInput } from "./plan-input.ts";

export interface Workplace {
  readonly cwd: string;
  /** Paperclip's workspace, as Paperclip has it. */
  readonly workspaceCwd: string | null;
  readonly home: Home;
  /** Why the pod does not see Paperclip's workspace; null when it does, or need not be told. */
  readonly note: string | null;
}

export function chooseWorkplace(input: PlanInput, namespace: string, wake: Wake): Workplace {
  const { ctx, agent, hostPod } = input;
  const { config, policy } = agent;
  const tenant = { companyId: ctx.agent.companyId, agentId: ctx.agent.id };
  const chosen = chooseHome({ namespace, claim: config.homeClaim, hostPod, mode: policy.home, tenant });
  const workspaceCwd = chooseWorkspace(wake.workspace, config.cwd);
  const home =
    chosen.kind === "private" ? { ...chosen, folders: foldersOf(input, chosen, wake, workspaceCwd) } : chosen;
  const cwd = workingDirectory(home, workspaceCwd, config.cwd, agentLabel(ctx.agent.id));
  return { home, workspaceCwd, cwd, note: unseenNote(home, workspaceCwd, cwd) };
}

function foldersOf(input: PlanInput, { path }: Home, { workspace }: Wake, workspaceCwd: string | null) {
  const { ctx, agent, bundle, disk } = input;
  const { id: agentId, companyId } = ctx.agent;
  const { workspaces, instructions } = agent.policy;
  const { cwd: configured } = agent.config;
  const hints = workspace.hints.map(({ cwd }) => text(cwd));
  const paths = [workspaceCwd, workspace.worktreePath, disk?.repository ?? null, ...hints, configured];
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

function unseenNote(home: Home, workspaceCwd: string | null, cwd: string): string | null {
  if (home.kind !== "private" || workspaceCwd === null || isSeen(workspaceCwd, home)) return null;
  if (!isBelow(workspaceCwd, home.path)) return null;
  return `Paperclip's workspace ${workspaceCwd} is not in the pod, the agent works in ${cwd}: a private home shows the folders that Paperclip keeps for the agent and its company's projects. To show others, name a folder around them in "workspaces" of the policy (PAPERCLIP_K8S_POLICY).`;
}
