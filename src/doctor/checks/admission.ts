import type { AdapterEnvironmentCheck } from "@paperclipai/adapter-utils";
import type { Job } from "kubernetes-types/batch/v1";
import { ConfigError } from "../../config/config-error.ts";
import { ApiError } from "../../kubernetes/api-error.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { jobs, type KubeObject, type ResourceType, secrets } from "../../kubernetes/resource-types.ts";
import { DROPPED_FIX, droppedHardening } from "../../run/plan/plan.ts";
import { adviceFor } from "../../run/shared/api-advice.ts";
import { type Check, type CheckContext, info, problem } from "../check.ts";

/** Would the API server take the Job and the Secret of a run? A dry run asks its quotas, admission and validation; nothing is stored. */
export const checkAdmission: Check = async ({ client, plan, call }) => {
  // The plan's own problems are reported by the checks on the configuration.
  if (plan instanceof ConfigError) return [];
  const ofJob = (stored: Job): AdapterEnvironmentCheck[] => {
    const dropped = droppedHardening(stored, plan.hardening);
    if (dropped === null) return [];
    const what = `The cluster does not know ${dropped}, which the operator's policy asks for: runs are refused.`;
    return [problem("error", "k8s_pod_hardening_dropped", what, DROPPED_FIX)];
  };
  const found = await Promise.all([
    dryRun(client, jobs, plan.job, plan.namespace, call, ofJob),
    dryRun(client, secrets, plan.secret, plan.namespace, call),
  ]);
  const problems = found.flat();
  return problems.length > 0 ? problems : [info("k8s_dry_run", "The API server takes a run's Job and its Secret.")];
};

async function dryRun<T extends KubeObject>(
  client: KubernetesClient,
  type: ResourceType<T>,
  object: T,
  namespace: string,
  call: CheckContext["call"],
  look: (stored: T) => AdapterEnvironmentCheck[] = () => [],
): Promise<AdapterEnvironmentCheck[]> {
  const code = `k8s_dry_run_${type.kind.toLowerCase()}`;
  const warnings: string[] = [];
  const onWarning = (text: string): void => void warnings.push(text);
  try {
    const options = { ...call, dryRun: true, fieldValidation: "Strict", onWarning } as const;
    const stored = await client.create(type, namespace, object, options);
    return [...look(stored), ...warningsOf(type, code, warnings)];
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (/does not support dry run/.test(error.detail))
      return [
        info(`${code}_unsupported`, `A run's ${type.kind} could not be tried without creating it: ${error.detail}.`),
      ];
    const refused = error.kind === "status" && error.status !== undefined && error.status < 500 && error.status !== 429;
    if (refused)
      return [
        problem("error", `${code}_refused`, `A run's ${type.kind} is refused: ${error.message}`, adviceOn(error)),
      ];
    return [
      problem("warn", `${code}_failed`, `A run's ${type.kind} could not be tried: ${error.message}`, adviceFor(error)),
    ];
  }
}

const adviceOn = (error: ApiError): string =>
  /unknown field "[^"]*\.(hostUsers|appArmorProfile|supplementalGroupsPolicy)\b/.test(error.detail)
    ? DROPPED_FIX
    : adviceFor(error);

const warningsOf = (type: { readonly kind: string }, code: string, warnings: readonly string[]) =>
  warnings.map((text) => problem("warn", `${code}_warning`, `Of a run's ${type.kind}: ${text}.`, fixOf(text)));

const fixOf = (warning: string): string =>
  /violate PodSecurity/.test(warning)
    ? "Change what the message names so that the pod passes the namespace's Pod Security level; where that is enforced, pods are refused."
    : "Read the message: the API server says it of every run.";
