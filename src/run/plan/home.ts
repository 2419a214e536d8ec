/** Where the agent lives in its pod: the volume of its home, and the directory it works in. */
import type { HostPod } from "../../paperclip/host-pod.ts";
import { isBelow } from "../../paperclip/paths.ts";
import type { Workspace } from "../../paperclip/wake.ts";
import { CONFIG_DIRECTORY } from "../../runner/spec.ts";

/** The agents' HOME, also in the adapter before this one: Claude Code keeps its sessions and login below it. */
export const HOME = "/paperclip";

/** A folder that goes with the pod, for what is thrown away after the run. */
export const SCRATCH = "/run/claude-k8s-scratch";

/** Claude Code's configuration of this run, where other pods use the home too: they do use one that lies on a volume. */
export const configVariables = ({ claim }: Home) =>
  claim ? [{ name: CONFIG_DIRECTORY, value: `${SCRATCH}/claude-config` }] : [];

export interface Home {
  /** The claim mounted at `path`; null for an empty directory that goes with the pod. */
  readonly claim: { readonly claimName: string; readonly subPath: string | null } | null;
  readonly path: string;
  /** `NAMESPACE/CLAIM[/SUBPATH]`: tells one home from another across runs; null when it goes with the pod. */
  readonly identity: string | null;
  /** True when Paperclip's own files are seen in the pod under the same paths. */
  readonly sharedWithPaperclip: boolean;
}

export function chooseHome(namespace: string, configuredClaim: string | null, hostPod: HostPod | null): Home {
  // A claim can be mounted only in its own namespace.
  const inherited = hostPod?.homeClaim && hostPod.namespace === namespace ? hostPod.homeClaim : null;
  if (configuredClaim && configuredClaim !== inherited?.claimName)
    return {
      claim: { claimName: configuredClaim, subPath: null },
      path: HOME,
      identity: `${namespace}/${configuredClaim}`,
      sharedWithPaperclip: false,
    };
  if (!inherited) return { claim: null, path: HOME, identity: null, sharedWithPaperclip: false };
  return {
    claim: { claimName: inherited.claimName, subPath: inherited.subPath },
    path: inherited.mountPath,
    identity: [namespace, inherited.claimName, inherited.subPath].filter(Boolean).join("/"),
    sharedWithPaperclip: true,
  };
}

/**
 * Paperclip's workspace for the run; null where it is only the agent's home and the agent has a directory of its own
 * (claude_local's precedence).
 */
export const chooseWorkspace = ({ cwd, source }: Pick<Workspace, "cwd" | "source">, own: string | null) =>
  source === "agent_home" && own !== null ? null : cwd;

/** Paperclip's workspace where the pod can see it, else what the agent configured, else a folder of the agent's own. */
export function workingDirectory(
  home: Home,
  workspaceCwd: string | null,
  configuredCwd: string | null,
  agentSlug: string,
): string {
  if (home.sharedWithPaperclip && workspaceCwd && isBelow(workspaceCwd, home.path)) return workspaceCwd;
  return configuredCwd ?? `${home.path}/workspaces/${agentSlug}`;
}
