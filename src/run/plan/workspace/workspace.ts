/**
 * Which folder the agent works in, and how its project comes there. Pure: what is mounted, made and cloned follows from the
 * choice.
 */
import { posix } from "node:path";
import type { AgentConfig } from "../../../config/agent-config.ts";
import { ConfigError } from "../../../config/config-error.ts";
import type { Wake } from "../../../paperclip/wake.ts";
import { type WorkspaceClaim, workspaceClaim } from "./claim-name.ts";
import { cloneable, directoryOf, type Repository, repositoryOf, shownUrl } from "./repository.ts";

/** Where the volume of a workspace is mounted that is not Paperclip's own: the agent's directory lies in it. */
export const WORKSPACE_FOLDER = "/workspace";

export type Workspace =
  /** Paperclip's own folder, at Paperclip's path. It is there: nobody makes it. */
  | { readonly kind: "mounted"; readonly cwd: string }
  /** A claim that outlives the pod; the repository is cloned into it unless `cwd` has it already. Null: a folder that stays. */
  | {
      readonly kind: "claim";
      readonly cwd: string;
      readonly claim: WorkspaceClaim;
      readonly repository: Repository | null;
      readonly warning: string | null;
    }
  /** An empty directory that goes with the pod, into which the repository is cloned. */
  | { readonly kind: "clone"; readonly cwd: string; readonly repository: Repository }
  /** A folder of the agent's own, with nothing of Paperclip's in it. `warning`: Paperclip gave a project all the same. */
  | { readonly kind: "empty"; readonly cwd: string; readonly warning: string | null };

export type WorkspaceMode = AgentConfig["workspace"];

export interface WorkspaceChoice {
  readonly mode: WorkspaceMode;
  readonly wake: Pick<Wake, "taskId" | "workspace">;
  /** Paperclip's folder for the run; null where the agent works in a directory of its own. */
  readonly paperclips: string | null;
  /** Whether the pod sees a path of Paperclip's machine. */
  readonly isSeen: (path: string) => boolean;
  /** Why it does not see one, as a sentence with what to do. */
  readonly whyUnseen: (path: string) => string;
  /** The agent's own setting; null = none. */
  readonly configured: string | null;
  /** A folder in the agent's home. */
  readonly own: string;
  /** What a claim's name is made from. */
  readonly claim: Omit<Parameters<typeof workspaceClaim>[0], "taskId">;
}

/** Throws ConfigError where the agent's setting cannot be had. */
export function chooseWorkspace(choice: WorkspaceChoice): Workspace {
  const { mode, wake } = choice;
  const repository = repositoryOf(wake.workspace);
  const cwd = posix.join(WORKSPACE_FOLDER, directoryOf(repository));
  switch (mode) {
    case "empty":
      return { kind: "empty", cwd: choice.configured ?? choice.own, warning: null };
    case "claim": {
      const warning = repository && !cloneable(repository) ? `${unclonable(repository)}.` : null;
      const claim = workspaceClaim({ ...choice.claim, taskId: wake.taskId });
      return { kind: "claim", cwd, claim, repository: warning === null ? repository : null, warning };
    }
    case "clone":
      if (repository && cloneable(repository)) return { kind: "clone", cwd, repository };
      return emptyInstead(choice, repository);
    case "mounted":
      return mounted(choice) ?? ownFolder(choice);
    case "auto":
      return (
        mounted(choice) ??
        (choice.configured === null && repository && cloneable(repository)
          ? { kind: "clone", cwd, repository }
          : emptyInstead(choice, repository))
      );
  }
}

/** Paperclip's folder, where there is one and the pod sees it. The agent's own folder is that of no project. */
function mounted({ wake, paperclips, isSeen }: WorkspaceChoice): Workspace | null {
  if (paperclips === null || !isSeen(paperclips) || isFallback(wake)) return null;
  return { kind: "mounted", cwd: paperclips };
}

/** With `mounted`: only where there is nothing of a project to mount. */
function ownFolder(choice: WorkspaceChoice): Workspace {
  const { paperclips, wake } = choice;
  if (paperclips === null || !hasProject(wake)) return { kind: "empty", cwd: ownOf(choice), warning: null };
  const problem = isFallback(wake)
    ? `is mounted, and Paperclip has no folder of the project, but for the agent's own ${paperclips}`
    : `is mounted, and ${choice.whyUnseen(paperclips)}`;
  const fix = isFallback(wake)
    ? "Give the project a folder or a repository that Paperclip can reach, or set workspace: clone."
    : "Or set workspace: clone or claim.";
  throw new ConfigError([{ field: "workspace", problem, fix }]);
}

function emptyInstead(choice: WorkspaceChoice, repository: Repository | null): Workspace {
  const { wake, paperclips, mode } = choice;
  const cwd = ownOf(choice);
  if (!hasProject(wake)) return { kind: "empty", cwd, warning: null };
  const isUnseen = mode === "auto" && paperclips !== null && !isFallback(wake);
  const why = [
    ...(isUnseen ? [choice.whyUnseen(paperclips)] : []),
    ...(isFallback(wake) ? ["Paperclip has no folder of it"] : []),
    repository ? unclonable(repository, choice.configured) : "It names no repository to clone",
  ].join(". ");
  return { kind: "empty", cwd, warning: `The agent works in ${cwd}, without its project. ${why}.` };
}

/** What the agent's setting says, else Paperclip's folder for the agent where the pod sees that, else one in the pod's home. */
function ownOf({ configured, paperclips, isSeen, own, wake }: WorkspaceChoice): string {
  const isAgents = paperclips !== null && isSeen(paperclips) && (isFallback(wake) || !hasProject(wake));
  return configured ?? (isAgents ? paperclips : own);
}

const unclonable = ({ url }: Repository, configured: string | null = null): string =>
  cloneable({ url })
    ? `Its repository ${shownUrl(url)} is not cloned, for workingDirectory is set to ${configured} (workspace: clone clones it)`
    : `Its repository ${shownUrl(url)} has no address that a pod could clone from`;

/** Paperclip gave the run a project. A task without one works where its session did, which may be the agent's own folder. */
export const hasProject = ({ workspace }: Pick<Wake, "workspace">): boolean => {
  const { source, cwd, repoUrl } = workspace;
  if (source === null || source === "agent_home") return false;
  return source === "project_primary" ? (cwd ?? repoUrl) !== null : cwd !== null && !isAgentHome(workspace);
};

/** Paperclip could not make the project's folder, and names the agent's own in its place (2026.916.1). */
const isFallback = ({ workspace }: Pick<Wake, "workspace">): boolean =>
  workspace.source === "project_primary" && isAgentHome(workspace);

const isAgentHome = ({ cwd, agentHome }: Wake["workspace"]): boolean =>
  cwd !== null && agentHome !== null && posix.normalize(cwd) === posix.normalize(agentHome);
