/** The workspace as volume and mount of the agent's container, where it is none of the home's folders. Pure. */
import type { Volume, VolumeMount } from "kubernetes-types/core/v1";
import { HOME_VOLUME } from "../home/mounts.ts";
import type { Home } from "../home.ts";
import { WORKSPACE_FOLDER, type Workspace } from "./workspace.ts";

export const VOLUME = "workspace";

export function workspaceVolumes(workspace: Workspace, home: Home): Volume[] {
  if (workspace.kind === "clone") return [{ name: VOLUME, emptyDir: {} }];
  if (workspace.kind !== "claim" || isHomes(workspace.claim.name, home)) return [];
  return [{ name: VOLUME, persistentVolumeClaim: { claimName: workspace.claim.name } }];
}

export function workspaceMounts(workspace: Workspace, home: Home): VolumeMount[] {
  if (workspace.kind === "clone") return [{ name: VOLUME, mountPath: WORKSPACE_FOLDER }];
  if (workspace.kind !== "claim") return [];
  const { name, folder } = workspace.claim;
  return [{ name: isHomes(name, home) ? HOME_VOLUME : VOLUME, mountPath: WORKSPACE_FOLDER, subPath: folder }];
}

/** A pod has one volume for one claim: kubelets have waited for ever for the second (kubernetes/kubernetes#28502). */
export const isHomes = (claimName: string, { claim }: Home): boolean => claim?.claimName === claimName;
