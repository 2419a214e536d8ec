/** Logins for git that the operator's policy names: mounted as files, which the kubelet keeps as they are in the cluster. Pure. */
import type { Volume, VolumeMount } from "kubernetes-types/core/v1";
import { ConfigError } from "../../../config/config-error.ts";
import { RUN_DIRECTORY, RUN_FILES } from "../../../runner/spec.ts";
import type { Address } from "./address.ts";
import type { GitSetting } from "./git-variables.ts";

export interface GitCredentials {
  readonly settings: readonly GitSetting[];
  readonly volumes: readonly Volume[];
  readonly mounts: readonly VolumeMount[];
}

export const NO_CREDENTIALS: GitCredentials = { settings: [], volumes: [], mounts: [] };

const VOLUME = "git-credentials";
const FOLDER = "/run/claude-k8s-git";
/** The API server's own rule for the name of a Secret. */
const SECRET_NAME = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Only that of the repository's own host: the agent can read what is mounted. Throws ConfigError. */
export function credentialsFor({ origin, host }: Address, secrets: Readonly<Record<string, string>>): GitCredentials {
  const secretName = secrets[origin];
  if (secretName === undefined) return NO_CREDENTIALS;
  if (!SECRET_NAME.test(secretName)) {
    const problem = `(the operator's policy) has for ${origin} what is no name of a Secret: ${secretName.slice(0, 260)}`;
    throw new ConfigError([{ field: "git.credentials", problem, fix: "Correct it (PAPERCLIP_K8S_POLICY)." }]);
  }
  const helper = `!/bin/sh ${RUN_DIRECTORY}/${RUN_FILES.credential} ${FOLDER}`;
  return {
    settings: [
      // First none: what the home's own settings name would be asked before, and may hold an old one.
      [`credential.${origin}.helper`, ""],
      [`credential.${origin}.helper`, helper],
      [`url.${origin}/.insteadOf`, `git@${host}:`],
      [`url.${origin}/.insteadOf`, `ssh://git@${host}/`],
    ],
    // Not optional: without it the pod waits, and says for what. Readable by the pod's one user, who owns none of the files.
    volumes: [{ name: VOLUME, secret: { secretName, defaultMode: 0o444 } }],
    mounts: [{ name: VOLUME, mountPath: FOLDER, readOnly: true }],
  };
}
