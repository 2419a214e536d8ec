/**
 * Claude Code from a second image (`cliImage`), where the agent's own has none. Two ways: an init container copies its
 * programs into an empty directory, which every cluster can; or the image itself is a volume. In both, `bin` of that folder
 * goes before the agent's PATH, and `node` after it: an agent keeps the Node of its own image, where there is one.
 */
import type { Job } from "kubernetes-types/batch/v1";
import type { Container, EnvVar, Volume, VolumeMount } from "kubernetes-types/core/v1";
import type { AgentConfig } from "../../config/agent-config.ts";
import { ConfigError } from "../../config/config-error.ts";
import { CLI } from "../shared/names.ts";

export interface BroughtCli {
  readonly initContainers: readonly Container[];
  readonly volumes: readonly Volume[];
  readonly mounts: readonly VolumeMount[];
  /** Of every container that needs the programs. */
  readonly variables: readonly EnvVar[];
}

/** The types are older than the field. */
interface ImageVolume extends Volume {
  readonly image: { readonly reference: string; readonly pullPolicy: string };
}

const MOUNT_PATH = "/run/claude-k8s-cli";
/** In the second image: what the folder is to be, where that image is mounted as it is. */
const IN_IMAGE = "/opt/claude";
const VARIABLE = "CLAUDE_K8S_CLI";

/** Claude Code 2.1.330 has 364 MiB, Node 24 about 120 (measured). */
const SIZE_LIMIT = "1Gi";

/** Limit and request differ no more than the agent's own by default, so that a LimitRange that takes those takes these. */
const RESOURCES: NonNullable<Container["resources"]> = {
  requests: { cpu: "250m", memory: "64Mi" },
  limits: { cpu: "1", memory: "256Mi" },
};

/** POSIX, with `readlink -f` of coreutils or busybox. What npm links is a file elsewhere: the file is what is copied. */
const COPY = `
copy() {
  program=$(command -v "$1") || return 1
  mkdir -p "$to/$2" && cp "$(readlink -f "$program")" "$to/$2/$1" && chmod 755 "$to/$2/$1" || exit
}
to=$1
copy claude bin || { echo 'the image has no program claude in its PATH'; exit 127; }
copy node node || echo 'the image has no node: the one of the image of the agent is used'
`;

const NOTHING: BroughtCli = { initContainers: [], volumes: [], mounts: [], variables: [] };

/** Throws ConfigError when there is no second image. */
export function broughtCli(config: Pick<AgentConfig, "cli" | "cliImage" | "imagePullPolicy">): BroughtCli {
  const { cliImage: image, imagePullPolicy } = config;
  const way = config.cli ?? (image === null ? "image" : "copy");
  if (way === "image") return NOTHING;
  if (image === null) {
    const problem = `is ${way}, and no image is named that has Claude Code`;
    throw new ConfigError([{ field: "cli", problem, fix: 'Set "cliImage", or "cli" to image.' }]);
  }
  const mounts: VolumeMount[] = [{ name: CLI, mountPath: MOUNT_PATH, readOnly: true }];
  if (way === "volume") {
    const volume: ImageVolume = { name: CLI, image: { reference: image, pullPolicy: imagePullPolicy } };
    const variables = [{ name: VARIABLE, value: `${MOUNT_PATH}${IN_IMAGE}` }];
    return { initContainers: [], volumes: [volume], mounts, variables };
  }
  return {
    initContainers: [copier(image, imagePullPolicy)],
    volumes: [{ name: CLI, emptyDir: { sizeLimit: SIZE_LIMIT } }],
    mounts,
    variables: [{ name: VARIABLE, value: MOUNT_PATH }],
  };
}

/** As the pod's user; nothing of the agent's or the run's reaches it. */
const copier = (image: string, imagePullPolicy: string): Container => ({
  name: CLI,
  image,
  imagePullPolicy,
  workingDir: MOUNT_PATH,
  command: ["/bin/sh", "-c", COPY.replaceAll("$", "$$$$"), "copy", MOUNT_PATH],
  resources: RESOURCES,
  // Why it failed stands in the pod's status, and so in the run's page.
  terminationMessagePolicy: "FallbackToLogsOnError",
  securityContext: {
    allowPrivilegeEscalation: false,
    privileged: false,
    runAsNonRoot: true,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  },
  volumeMounts: [{ name: CLI, mountPath: MOUNT_PATH }],
});

/**
 * True when the Job was to have an image as a volume and its cluster has dropped it: a Kubernetes before 1.31 does not know
 * the field, and would mount an empty directory.
 */
export function lacksImageVolume(asked: Job, stored: Job): boolean {
  const isThere = (job: Job): boolean =>
    job.spec?.template.spec?.volumes?.some((volume) => volume.name === CLI && "image" in volume) ?? false;
  return isThere(asked) && !isThere(stored);
}
