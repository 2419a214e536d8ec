/** Why a pod does not see a folder of Paperclip's, in words. Pure. */
import { isBelow } from "../../../paperclip/paths.ts";
import type { Policy } from "../../../policy/policy.ts";
import { type Home, isOnPaperclipsVolume } from "../home.ts";
import type { HostPodMissing } from "../placement.ts";

export interface UnseenReasons {
  readonly home: Home;
  readonly mode: Policy["home"];
  /** The claim of Paperclip's home; null where its pod has none, or there is no such pod. */
  readonly paperclipsClaim: string | null;
  readonly missing: HostPodMissing | undefined;
}

/** `Paperclip's folder PATH is not in the pod: WHY`, without a full stop. */
export function whyUnseen(path: string, reasons: UnseenReasons): string {
  return `Paperclip's folder ${path} is not in the pod: ${why(path, reasons)}`;
}

/** Of homes that are not on Paperclip's volume: why the pod sees none of its folders, as a clause. */
export function whyNoFolders({ home, mode, paperclipsClaim, missing }: UnseenReasons): string {
  if (home.kind === "own") return `its home is the claim ${home.claim?.claimName}, which is not Paperclip's`;
  if (missing) return missing.why;
  if (paperclipsClaim === null) return "Paperclip's own pod has no claim at its home";
  if (mode === "none") return "the policy has home: none";
  return `Paperclip's claim ${paperclipsClaim} is in another namespace than the Jobs`;
}

function why(path: string, reasons: UnseenReasons): string {
  const { home } = reasons;
  if (!isOnPaperclipsVolume(home)) return whyNoFolders(reasons);
  if (!isBelow(path, home.path)) return `it is not below Paperclip's home ${home.path}`;
  return `a private home shows the folders that Paperclip keeps for the agent and its company's projects. To show others, name a folder around them in "workspaces" of the policy (PAPERCLIP_K8S_POLICY)`;
}
