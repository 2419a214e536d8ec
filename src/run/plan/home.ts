/** Where the agent lives in its pod: the volume of its home, and the directory it works in. */
import type { HostPod } from "../../paperclip/host-pod.ts";
import { isBelow } from "../../paperclip/paths.ts";
import type { Workspace } from "../../paperclip/wake.ts";
import type { Policy } from "../../policy/policy.ts";
import { CONFIG_DIRECTORY } from "../../runner/spec.ts";
import { type HomeFolder, privateHome, type Tenant } from "./home/entitlement.ts";
import { CLAIMS_HOME } from "./workspace/claim-name.ts";

/** The agents' HOME, also in the adapter before this one: Claude Code keeps its sessions and login below it. */
export const HOME = "/paperclip";

/** A folder that goes with the pod, for what is thrown away after the run. */
export const SCRATCH = "/run/claude-k8s-scratch";

/** Claude Code's configuration of this run, where other pods use the home too: they do use one that lies on a volume. */
export const configVariables = ({ claim }: Home) =>
  claim ? [{ name: CONFIG_DIRECTORY, value: `${SCRATCH}/claude-config` }] : [];

/**
 * `private`: a folder of Paperclip's own volume, for this agent alone, with the agent's folders of Paperclip's home over
 * it; `shared`: Paperclip's home itself; `own`: another claim, which the agent's configuration names; `workspace`: a folder
 * of the workspace's claim; `none`: an empty directory that goes with the pod.
 */
export type HomeKind = "private" | "shared" | "own" | "workspace" | "none";

export interface Home {
  readonly kind: HomeKind;
  /** The claim mounted at `path`; null for an empty directory that goes with the pod. */
  readonly claim: { readonly claimName: string; readonly subPath: string | null } | null;
  readonly path: string;
  /** `NAMESPACE/CLAIM[/SUBPATH]`: tells one home from another across runs; null when it goes with the pod. */
  readonly identity: string | null;
  /** Of the shared home that an agent with a private one had before; its sessions are brought along. Null elsewhere. */
  readonly formerIdentity: string | null;
  /** Of a private home: Paperclip's folders that are mounted over it, each at its own path. */
  readonly folders: readonly HomeFolder[];
  /** Below the volume's root, what Paperclip's own pod has mounted as its home. */
  readonly volumeFolder: string | null;
}

export interface HomeChoice {
  /** Of the Jobs. */
  readonly namespace: string;
  /** `homeClaim` of the agent. */
  readonly claim: string | null;
  readonly hostPod: HostPod | null;
  readonly mode: Policy["home"];
  readonly tenant: Tenant;
}

const ALONE = { path: HOME, formerIdentity: null, folders: [], volumeFolder: null } as const;

export function chooseHome({ namespace, claim, hostPod, mode, tenant }: HomeChoice): Home {
  // A claim can be mounted only in its own namespace.
  const inherited = hostPod?.homeClaim && hostPod.namespace === namespace ? hostPod.homeClaim : null;
  if (claim && claim !== inherited?.claimName)
    return { ...ALONE, kind: "own", claim: { claimName: claim, subPath: null }, identity: `${namespace}/${claim}` };
  if (!inherited || mode === "none") return { ...ALONE, kind: "none", claim: null, identity: null };
  const { claimName, subPath, mountPath: path } = inherited;
  const whole = [namespace, claimName, ...(subPath ? [subPath] : [])];
  const shared = { path, folders: [], volumeFolder: subPath };
  if (mode === "shared")
    return {
      ...{ ...shared, kind: "shared", claim: { claimName, subPath } },
      ...{ identity: whole.join("/"), formerIdentity: null },
    };
  const own = privateHome(tenant);
  return {
    ...{ ...shared, kind: "private", claim: { claimName, subPath: [...(subPath ? [subPath] : []), ...own].join("/") } },
    ...{ identity: [...whole, ...own].join("/"), formerIdentity: whole.join("/") },
  };
}

/** On the claim of the workspace, beside that. */
export function onClaim(namespace: string, claimName: string): Home {
  const claim = { claimName, subPath: CLAIMS_HOME };
  return { ...ALONE, kind: "workspace", claim, identity: `${namespace}/${claimName}/${CLAIMS_HOME}` };
}

/**
 * Whether the home lies on the claim of the workspace, where there is one: else it would go with the pod, or would be on
 * Paperclip's volume while Paperclip's pod has no fsGroup. A new claim belongs to root, only an fsGroup opens it to the agent,
 * and another than Paperclip's own would change the group of every file on Paperclip's volume.
 */
export function isHomeOnClaim(home: Pick<Home, "kind">, hostPod: HostPod | null): boolean {
  if (home.kind === "none") return true;
  return isOnPaperclipsVolume(home) && (hostPod?.user.fsGroup ?? null) === null;
}

/** True where Paperclip's own process sees the home's files too: it is on Paperclip's volume. */
export const isOnPaperclipsVolume = ({ kind }: Pick<Home, "kind">): boolean => kind === "private" || kind === "shared";

/** The folders of Paperclip's machine that the pod sees under the same path. */
export const seenFolders = ({ kind, path, folders }: Home): readonly string[] =>
  kind === "shared" ? [path] : folders.map((folder) => folder.path);

export const isSeen = (path: string, home: Home): boolean => seenFolders(home).some((folder) => isBelow(path, folder));

/**
 * Paperclip's workspace for the run; null where it is only the agent's home and the agent has a directory of its own
 * (claude_local's precedence).
 */
export const paperclipsFolder = ({ cwd, source }: Pick<Workspace, "cwd" | "source">, own: string | null) =>
  source === "agent_home" && own !== null ? null : cwd;

export const ownDirectory = ({ path }: Pick<Home, "path">, agentSlug: string): string =>
  `${path}/workspaces/${agentSlug}`;
