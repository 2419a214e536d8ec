/**
 * Where programs keep what they can fetch again: on the claim of the workspace, where it serves the next run, else in the pod's
 * own scratch folder. Never on the home's volume, which several pods use and which may be slow. Pure.
 */
import { posix } from "node:path";
import type { EnvVar, VolumeMount } from "kubernetes-types/core/v1";
import { HOME_VOLUME } from "../home/mounts.ts";
import { type Home, SCRATCH } from "../home.ts";
import { isHomes, VOLUME } from "./mounts.ts";
import type { Workspace } from "./workspace.ts";

/** Below the claim's root. */
const ON_CLAIM = "cache";
const MOUNT_PATH = "/run/claude-k8s-cache";

/** pip, uv, Go's builds, Playwright, yarn and others follow XDG; these have a variable of their own alone. */
const FOLDERS: Readonly<Record<string, string>> = {
  XDG_CACHE_HOME: "",
  npm_config_cache: "npm",
  GOMODCACHE: "go-mod",
  BUN_INSTALL_CACHE_DIR: "bun",
};

/** But for those that the agent has set itself. */
export function cacheVariables(workspace: Workspace, environment: Readonly<Record<string, string>>): EnvVar[] {
  const root = workspace.kind === "claim" ? MOUNT_PATH : `${SCRATCH}/cache`;
  return Object.entries(FOLDERS)
    .filter(([name]) => !(name in environment))
    .map(([name, folder]) => ({ name, value: posix.join(root, folder) }));
}

export function cacheMounts(workspace: Workspace, home: Home): VolumeMount[] {
  if (workspace.kind !== "claim") return [];
  const name = isHomes(workspace.claim.name, home) ? HOME_VOLUME : VOLUME;
  return [{ name, mountPath: MOUNT_PATH, subPath: ON_CLAIM }];
}
