/**
 * How the operator's policy hardens a run's pod beyond the `restricted` Pod Security level (`pod`). A cluster that does not
 * know such a field drops it without a word, so the Job as it was stored is compared with what was asked for.
 */
import type { Job } from "kubernetes-types/batch/v1";
import type { Container, EnvVar, PodSecurityContext, PodSpec, Volume, VolumeMount } from "kubernetes-types/core/v1";
import type { Policy } from "../../policy/policy.ts";
import { CONTAINER } from "../shared/names.ts";

export type Hardening = Policy["pod"];

/** The types are older than the fields. */
interface HardenedContext extends PodSecurityContext {
  appArmorProfile?: { type: string };
  supplementalGroupsPolicy?: string;
}
interface HardenedSpec extends PodSpec {
  hostUsers?: boolean;
}

const TMP = "/tmp";
const TMP_VOLUME: Volume = { name: "claude-k8s-tmp", emptyDir: {} };
const TMP_MOUNT: VolumeMount = { name: "claude-k8s-tmp", mountPath: TMP };
/** Claude Code, git, npm and shells all put what is temporary there, or in HOME, which is a volume. */
const TMP_VARIABLE: EnvVar = { name: "TMPDIR", value: TMP };

export function harden(job: Job, hardening: Hardening): Job {
  const { spec } = job;
  const pod = spec?.template.spec;
  if (!spec || !pod || Object.keys(hardening).length === 0) return job;
  return { ...job, spec: { ...spec, template: { ...spec.template, spec: hardenedPod(pod, hardening) } } };
}

function hardenedPod(pod: PodSpec, hardening: Hardening): HardenedSpec {
  const { hostUsers, readOnlyRootFilesystem, appArmorProfile, supplementalGroupsPolicy } = hardening;
  const securityContext: HardenedContext = {
    ...pod.securityContext,
    ...(appArmorProfile === undefined ? {} : { appArmorProfile: { type: appArmorProfile } }),
    ...(supplementalGroupsPolicy === undefined ? {} : { supplementalGroupsPolicy }),
  };
  const hardened: HardenedSpec = { ...pod, securityContext, ...(hostUsers === undefined ? {} : { hostUsers }) };
  return readOnlyRootFilesystem ? withReadOnlyRoot(hardened) : hardened;
}

/** Of the agent's container: the recorder beside it has a read-only root anyway, and what else is there is not the agent's. */
function withReadOnlyRoot(pod: HardenedSpec): HardenedSpec {
  const containers = pod.containers.map((container) =>
    container.name === CONTAINER ? readOnly(container) : container,
  );
  const isMounted = pod.containers.some(({ name, volumeMounts }) => name === CONTAINER && hasTmp(volumeMounts));
  return { ...pod, containers, volumes: [...(pod.volumes ?? []), ...(isMounted ? [] : [TMP_VOLUME])] };
}

function readOnly(container: Container): Container {
  const { env = [], volumeMounts = [], securityContext } = container;
  return {
    ...container,
    env: env.some(({ name }) => name === TMP_VARIABLE.name) ? env : [...env, TMP_VARIABLE],
    volumeMounts: hasTmp(volumeMounts) ? volumeMounts : [...volumeMounts, TMP_MOUNT],
    securityContext: { ...securityContext, readOnlyRootFilesystem: true },
  };
}

const hasTmp = (mounts: readonly VolumeMount[] | undefined): boolean =>
  mounts?.some(({ mountPath }) => mountPath.replace(/\/+$/, "") === TMP) ?? false;

/** The Kubernetes that has the field in every cluster; older ones only behind a feature gate, or not at all. */
const SINCE = { hostUsers: "1.33", appArmorProfile: "1.30", supplementalGroupsPolicy: "1.33" } as const;

/**
 * Rules of the policy that the cluster has dropped from a Job, as a clause; null when it kept all. An agent is not started
 * with less than its operator asked for.
 *
 * @param stored the Job as the API server returned it
 */
export function droppedHardening(stored: Job, hardening: Hardening): string | null {
  const pod = stored.spec?.template.spec as HardenedSpec | undefined;
  const context = pod?.securityContext as HardenedContext | undefined;
  const kept: Readonly<Record<keyof typeof SINCE, unknown>> = {
    hostUsers: pod?.hostUsers,
    appArmorProfile: context?.appArmorProfile?.type,
    supplementalGroupsPolicy: context?.supplementalGroupsPolicy,
  };
  const dropped = (Object.keys(SINCE) as (keyof typeof SINCE)[]).filter(
    (rule) => isAsked(rule, hardening) && kept[rule] !== hardening[rule],
  );
  if (dropped.length === 0) return null;
  return dropped.map((rule) => `pod.${rule} (Kubernetes ${SINCE[rule]} or newer)`).join(" and ");
}

/** What a cluster does anyway where it does not know the field need not be kept. */
function isAsked(rule: keyof typeof SINCE, hardening: Hardening): boolean {
  if (rule === "hostUsers") return hardening.hostUsers === false;
  if (rule === "supplementalGroupsPolicy") return hardening.supplementalGroupsPolicy === "Strict";
  return hardening[rule] !== undefined;
}

export const DROPPED_FIX =
  "Update the cluster (before those versions its feature gate), or take the rule out of the operator's policy (PAPERCLIP_K8S_POLICY).";
