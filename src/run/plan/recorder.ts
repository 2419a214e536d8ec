/**
 * The record of a run in a container of its own (`recorder: separate` of the operator's policy): a native sidecar under
 * another user, which gets the agent's output over a socket and writes the log, the transcript copy and the seal. The
 * agent's container sees the socket's folder read-only, so that nothing in it can put another socket in the place of that
 * one; to connect, the mode of the socket counts, not that of the mount.
 */
import type { Job } from "kubernetes-types/batch/v1";
import type { Container, Volume, VolumeMount } from "kubernetes-types/core/v1";
import { RUN_DIRECTORY, recorderCommand, senderCommand } from "../../runner/spec.ts";
import { RECORDER } from "../shared/names.ts";
import type { BroughtCli } from "./cli.ts";
import { podTranscript } from "./transcript-copy.ts";

const FOLDER = "/run/claude-k8s-recorder";
const VOLUME = "recorder";

/**
 * Fixed: it holds at most a few megabytes of the agent's output. Limit and request differ no more than the agent's own by
 * default, so that a LimitRange that takes those takes these.
 */
const RESOURCES: NonNullable<Container["resources"]> = {
  requests: { cpu: "200m", memory: "64Mi" },
  limits: { cpu: "800m", memory: "256Mi" },
};

export interface RecorderInput {
  readonly image: string;
  readonly imagePullPolicy: string;
  /** Null is refused before: see requireSecondUser(). */
  readonly user: { readonly uid: number | null };
  /** Its Node may come from there. */
  readonly cli: BroughtCli;
}

/** Nothing of the agent's reaches it: no variable, no home, no token. */
export function recorderContainer(
  { image, imagePullPolicy, user, cli }: RecorderInput,
  terminationLog: string,
): Container {
  const container: Container & { readonly restartPolicy: "Always" } = {
    name: RECORDER,
    image,
    imagePullPolicy,
    // A native sidecar: it runs before the agent's container starts, and is ended after it. The types are older.
    restartPolicy: "Always",
    workingDir: FOLDER,
    command: recorderCommand({ terminationLog, folder: FOLDER, transcript: podTranscript.path }),
    ...(cli.variables.length > 0 ? { env: [...cli.variables] } : {}),
    resources: RESOURCES,
    terminationMessagePath: terminationLog,
    terminationMessagePolicy: "File",
    securityContext: {
      allowPrivilegeEscalation: false,
      privileged: false,
      runAsNonRoot: true,
      // The next one is within the range that a cluster may have for the namespace, as a fixed one would not be.
      ...(user.uid === null ? {} : { runAsUser: user.uid + 1 }),
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    volumeMounts: [
      { name: "run", mountPath: RUN_DIRECTORY, readOnly: true },
      { name: VOLUME, mountPath: FOLDER },
      podTranscript.mount,
      ...cli.mounts,
    ],
  };
  return container;
}

/** The command of the agent's container beside a recorder. */
export const recordedCommand = (paths: {
  readonly terminationLog: string;
  readonly workingDirectory: string;
}): string[] => senderCommand({ ...paths, folder: FOLDER });

/** Of the agent's container. */
export const recordedMounts: readonly VolumeMount[] = [{ name: VOLUME, mountPath: FOLDER, readOnly: true }];

export const recorderVolumes: readonly Volume[] = [
  { name: VOLUME, emptyDir: { sizeLimit: "1Mi" } },
  podTranscript.volume,
];

/**
 * True when the Job has a recorder that its cluster would not run as a sidecar: a Kubernetes before 1.29 drops the field,
 * and would wait for the recorder's end before it starts the agent.
 */
export function lacksSidecars(job: Job): boolean {
  const recorder = job.spec?.template.spec?.initContainers?.find(({ name }) => name === RECORDER);
  return recorder !== undefined && (recorder as { restartPolicy?: string }).restartPolicy !== "Always";
}
