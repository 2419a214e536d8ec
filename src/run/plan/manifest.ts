/**
 * The Job of a run: one pod, started at most once, valid under the `restricted` Pod Security level. Created suspended:
 * the Secret that it owns comes between, so that neither outlives the other whatever call is the last one made.
 */
import type { Job } from "kubernetes-types/batch/v1";
import type {
  Affinity,
  Container,
  KeyToPath,
  LocalObjectReference,
  PodDNSConfig,
  PodSecurityContext,
  PodSpec,
  Toleration,
  Volume,
} from "kubernetes-types/core/v1";
import { containerCommand, RUN_DIRECTORY } from "../../runner/spec.ts";
import { GATE, GATE_ANNOTATION } from "../shared/kueue.ts";
import { ADAPTER_TYPE, ANNOTATIONS, CONTAINER, type RunIdentity } from "../shared/names.ts";
import { type WrittenTerms, writeRunTerms } from "../shared/run-terms.ts";
import type { Authorities } from "./authorities.ts";
import { type Bundle, runVolume } from "./bundles/bundle.ts";
import type { Checkout } from "./checkout/checkout.ts";
import type { BroughtCli } from "./cli.ts";
import { scriptVariables } from "./environment-script.ts";
import { homeMounts, homeVolume } from "./home/mounts.ts";
import { configVariables, type Home, isOnPaperclipsVolume, SCRATCH } from "./home.ts";
import { recordedCommand, recordedMounts, recorderContainer, recorderVolumes } from "./recorder.ts";
import { environmentReferences } from "./secret.ts";
import { tokenMount, tokenVolume } from "./token.ts";
import { transcriptCopy, transcriptMounts, transcriptVolumes } from "./transcript-copy.ts";
import { cacheMounts, cacheVariables } from "./workspace/caches.ts";
import { workspaceMounts, workspaceVolumes } from "./workspace/mounts.ts";
import type { Workspace } from "./workspace/workspace.ts";

export interface ManifestInput {
  readonly name: string;
  readonly namespace: string;
  readonly identity: RunIdentity;
  readonly labels: Readonly<Record<string, string>>;
  readonly image: string;
  readonly imagePullPolicy: string;
  readonly imagePullSecrets: readonly LocalObjectReference[];
  readonly serviceAccountName: string | null;
  readonly resources: Container["resources"];
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: readonly Toleration[];
  readonly affinity: Affinity | null;
  readonly dnsConfig: PodDNSConfig | null;
  readonly annotations: Readonly<Record<string, string>>;
  readonly priorityClassName: string | null;
  readonly runtimeClassName: string | null;
  /** A null id is left to the cluster. */
  readonly user: {
    readonly uid: number | null;
    readonly gid: number | null;
    readonly groups: readonly number[];
    /** By which the kubelet has opened Paperclip's volume to Paperclip's pod. @default null */
    readonly paperclipsFsGroup?: number | null;
  };
  readonly home: Home;
  readonly workspace: Workspace;
  readonly environment: Readonly<Record<string, string>>;
  /** The files of the run's directory, as the run's own Secret has them. */
  readonly files: readonly KeyToPath[];
  /** What the directory has of other Secrets. */
  readonly bundles: readonly Pick<Bundle, "name" | "items">[];
  readonly authorities: Omit<Authorities, "files">;
  readonly cli: BroughtCli;
  readonly checkout: Pick<Checkout, "volumes" | "mounts" | "beforeSec" | "graceSec">;
  readonly graceSec: number;
  readonly timeoutSec: number;
  readonly ttlSecondsAfterFinished: number;
  readonly terms: WrittenTerms;
}

const TERMINATION_LOG = "/dev/termination-log";
/** Beyond the agent's own grace: the runner kills, drains and seals in it. Seconds. */
const RUNNER_GRACE_SEC = 15;
/**
 * The cluster's own deadline, in case the runner fails: it counts from the pod's start, so it leaves time for a slow
 * pull; the runner ends the agent long before. On the pod, not on the Job: a Job's deadline deletes the pod with its
 * logs (measured). Seconds.
 */
const DEADLINE_MARGIN_SEC = 600;

export function jobManifest(input: ManifestInput): Job {
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name: input.name,
      namespace: input.namespace,
      labels: { ...input.labels },
      annotations: {
        [ANNOTATIONS.adapterType]: ADAPTER_TYPE,
        [ANNOTATIONS.agentName]: input.identity.agentName,
        [ANNOTATIONS.runId]: input.identity.runId,
        [ANNOTATIONS.terms]: writeRunTerms(input.terms),
        // Where a queue takes every Job of the namespace, it is to wait for the Secret; elsewhere it has no effect.
        [GATE_ANNOTATION]: GATE,
        ...(input.identity.taskId ? { [ANNOTATIONS.taskId]: input.identity.taskId } : {}),
      },
    },
    spec: {
      suspend: true,
      backoffLimit: 0,
      completions: 1,
      parallelism: 1,
      // A pod that is going away is not replaced while it still runs.
      podReplacementPolicy: "Failed",
      ttlSecondsAfterFinished: input.ttlSecondsAfterFinished,
      template: {
        metadata: {
          labels: { ...input.labels },
          ...(Object.keys(input.annotations).length > 0 ? { annotations: { ...input.annotations } } : {}),
        },
        spec: podSpec(input),
      },
    },
  };
}

function podSpec(input: ManifestInput): PodSpec {
  const { user } = input;
  // The recorder's Node may be what the second image brings.
  const initContainers = [
    ...input.cli.initContainers,
    ...(isRecordedApart(input) ? [recorderContainer(input, TERMINATION_LOG)] : []),
  ];
  return {
    restartPolicy: "Never",
    terminationGracePeriodSeconds: Math.ceil(input.graceSec) + RUNNER_GRACE_SEC + input.checkout.graceSec,
    ...(input.timeoutSec > 0
      ? {
          activeDeadlineSeconds:
            Math.ceil(input.timeoutSec + input.graceSec) + input.checkout.beforeSec + DEADLINE_MARGIN_SEC,
        }
      : {}),
    ...(input.serviceAccountName ? { serviceAccountName: input.serviceAccountName } : {}),
    ...(input.priorityClassName ? { priorityClassName: input.priorityClassName } : {}),
    ...(input.runtimeClassName ? { runtimeClassName: input.runtimeClassName } : {}),
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    ...(input.imagePullSecrets.length > 0 ? { imagePullSecrets: [...input.imagePullSecrets] } : {}),
    ...(Object.keys(input.nodeSelector).length > 0 ? { nodeSelector: { ...input.nodeSelector } } : {}),
    ...(input.tolerations.length > 0 ? { tolerations: [...input.tolerations] } : {}),
    ...(input.affinity ? { affinity: input.affinity } : {}),
    ...(input.dnsConfig ? { dnsConfig: input.dnsConfig } : {}),
    securityContext: {
      runAsNonRoot: true,
      ...(user.uid === null ? {} : { runAsUser: user.uid }),
      ...(user.gid === null ? {} : { runAsGroup: user.gid }),
      ...fsGroupOf(input),
      ...(user.groups.length > 0 ? { supplementalGroups: [...user.groups] } : {}),
      seccompProfile: { type: "RuntimeDefault" },
    },
    ...(initContainers.length > 0 ? { initContainers } : {}),
    containers: [container(input)],
    volumes: volumes(input),
  };
}

function container(input: ManifestInput): Container {
  const paths = { terminationLog: TERMINATION_LOG, workingDirectory: input.workspace.cwd };
  const words = isRecordedApart(input)
    ? recordedCommand(paths)
    : containerCommand({ ...paths, transcript: transcriptCopy(input.home, input.name) });
  // Kubernetes expands $(NAME) in a command.
  const command = words.map((word) => word.replaceAll("$", "$$$$"));
  const { path } = input.home;
  return {
    name: CONTAINER,
    image: input.image,
    imagePullPolicy: input.imagePullPolicy,
    // The image's own may be a folder that this user cannot enter; the runner goes to the agent's directory itself.
    workingDir: path,
    command,
    env: [
      ...environmentReferences(input.name, input.environment),
      { name: "HOME", value: path },
      ...scriptVariables(RUN_DIRECTORY),
      ...configVariables(input.home),
      ...cacheVariables(input.workspace, input.environment),
      ...input.authorities.variables,
      ...input.cli.variables,
    ],
    ...(input.resources ? { resources: input.resources } : {}),
    terminationMessagePath: TERMINATION_LOG,
    terminationMessagePolicy: "File",
    securityContext: {
      allowPrivilegeEscalation: false,
      privileged: false,
      runAsNonRoot: true,
      capabilities: { drop: ["ALL"] },
    },
    volumeMounts: [
      { name: "run", mountPath: RUN_DIRECTORY, readOnly: true },
      ...homeMounts(input.home),
      ...workspaceMounts(input.workspace, input.home),
      ...cacheMounts(input.workspace, input.home),
      { name: "scratch", mountPath: SCRATCH },
      tokenMount,
      ...(isRecordedApart(input) ? recordedMounts : transcriptMounts(input.home)),
      ...input.authorities.mounts,
      ...input.checkout.mounts,
      ...input.cli.mounts,
    ],
  };
}

const isRecordedApart = ({ terms }: ManifestInput): boolean => terms.facts.recorder === "separate";

/**
 * Never another one than Paperclip's own on Paperclip's own volume: the kubelet would change the group of every file of it. A
 * claim of the agent's own may be a fresh one, which belongs to root; OnRootMismatch changes it once.
 */
function fsGroupOf({
  home,
  workspace,
  user,
}: ManifestInput): Pick<PodSecurityContext, "fsGroup" | "fsGroupChangePolicy"> {
  if (home.kind !== "own" && workspace.kind !== "claim") return {};
  const fsGroup = isOnPaperclipsVolume(home) ? (user.paperclipsFsGroup ?? null) : user.gid;
  return fsGroup === null ? {} : { fsGroup, fsGroupChangePolicy: "OnRootMismatch" };
}

function volumes(input: ManifestInput): Volume[] {
  return [
    runVolume(input.name, input.files, input.bundles),
    homeVolume(input.home),
    ...workspaceVolumes(input.workspace, input.home),
    { name: "scratch", emptyDir: {} },
    tokenVolume(input.name),
    ...(isRecordedApart(input) ? recorderVolumes : transcriptVolumes(input.home)),
    ...input.authorities.volumes,
    ...input.checkout.volumes,
    ...input.cli.volumes,
  ];
}
