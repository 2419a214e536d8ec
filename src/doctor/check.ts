/** What a check is given, and what it answers. */
import type { AdapterEnvironmentCheck } from "@paperclipai/adapter-utils";
import type { ConfigError } from "../config/config-error.ts";
import type { CallOptions } from "../kubernetes/call-options.ts";
import type { KubernetesClient } from "../kubernetes/client.ts";
import type { GovernedAgent } from "../policy/policy.ts";
import type { HostPodLookup, RunPlan } from "../run/plan/plan.ts";
import type { ProbeReport } from "../run/probe.ts";

export interface CheckContext {
  readonly agent: GovernedAgent;
  readonly client: KubernetesClient;
  /** Namespace of the Jobs. */
  readonly namespace: string;
  /** Paperclip's address as pods are told; null = none. */
  readonly apiUrl: string | null;
  readonly hostPod: HostPodLookup;
  readonly companyId: string;
  /** What a run of this agent would create, by the code that plans runs; or why there can be none. */
  readonly plan: RunPlan | ConfigError;
  /** For each call to the cluster: one attempt, in a time that a person waits for. */
  readonly call: CallOptions;
}

/** Never rejects for what it looks at: a failure is what it reports. */
export type Check = (context: CheckContext) => Promise<AdapterEnvironmentCheck[]>;

/** What is known once the probe, a small Job of the agent's own plan, is over. */
export interface PodContext extends CheckContext {
  readonly probe: ProbeReport;
  /** Seconds that the probe had. */
  readonly limitSec: number;
}

/** Reads what the probe's pod has shown. */
export type PodCheck = (context: PodContext) => AdapterEnvironmentCheck[];

export const info = (code: string, message: string): AdapterEnvironmentCheck => ({ code, level: "info", message });

/** @param hint what to do about it */
export const problem = (
  level: "warn" | "error",
  code: string,
  message: string,
  hint: string,
): AdapterEnvironmentCheck => ({ code, level, message, hint });

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
