/** The home as volume and mounts of the agent's container. Pure. */
import { posix } from "node:path";
import type { Volume, VolumeMount } from "kubernetes-types/core/v1";
import type { Home } from "../home.ts";
import { namesBelow } from "./entitlement.ts";

export const HOME_VOLUME = "home";

export const homeVolume = ({ claim }: Home): Volume =>
  claim
    ? { name: HOME_VOLUME, persistentVolumeClaim: { claimName: claim.claimName } }
    : { name: HOME_VOLUME, emptyDir: {} };

/** The home first; runtimes mount by the depth of the path, whatever the order. */
export function homeMounts({ claim, path, folders, volumeFolder }: Home): VolumeMount[] {
  return [
    { name: HOME_VOLUME, mountPath: path, ...(claim?.subPath ? { subPath: claim.subPath } : {}) },
    ...folders.map((folder) => ({
      name: HOME_VOLUME,
      mountPath: folder.path,
      subPath: posix.join(volumeFolder ?? "", ...(namesBelow(folder.path, path) ?? [])),
      ...(folder.readOnly ? { readOnly: true } : {}),
    })),
  ];
}
