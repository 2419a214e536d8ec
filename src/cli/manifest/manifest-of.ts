/** Plans a run of an agent as the adapter would, and prints its Job. Nothing is created. */
import type { AdapterExecutionContext } from "@paperclipai/adapter-utils";
import { type as ADAPTER_TYPE } from "../../identity.ts";
import { govern, type Policy } from "../../policy/policy.ts";
import { findHostPod, originsOf, prepare } from "../../run/plan/plan.ts";
import { type Dependencies, realDependencies } from "../../run/shared/dependencies.ts";
import { printJob } from "./print-job.ts";
import type { ChosenAgent } from "./read-agent.ts";

export interface Manifest {
  readonly job: object;
  /** The same as YAML, with comments. */
  readonly text: string;
}

/** Rejects with ConfigError where a run would be refused, with ApiError or KubeconfigError where there is no cluster, or the signal's reason. */
export async function manifestOf(
  agent: ChosenAgent,
  policy: Policy,
  overrides: Partial<Dependencies> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Manifest> {
  const deps = { ...realDependencies(), ...overrides };
  const config = withoutSecrets(agent.config);
  const governed = govern(config, policy, agent);
  const lease = await deps.clusters.acquire(governed.cluster);
  try {
    const hostPod = await findHostPod(lease.client, deps, { signal });
    const ctx = contextOf(agent, config);
    const plan = await prepare(ctx, governed, lease.client, deps, signal, hostPod);
    const { made } = plan.templates;
    const stages = [...plan.templates.stages, { field: "pod of the policy", template: { ...plan.job.spec?.template } }];
    const pod = hostPod.kind === "found" ? hostPod.pod : null;
    const notes = plan.notes.map((note) => `# ${note.replaceAll("\n", " ")}\n`).join("");
    const job = { apiVersion: "batch/v1", kind: "Job", ...plan.job };
    return { job, text: `${notes}${printJob(job, originsOf(governed, pod, made.spec?.template, stages))}` };
  } finally {
    await lease.release();
  }
}

/** Paperclip resolves a secret for a run alone; in the Job only the variable's name stands. */
function withoutSecrets(config: ChosenAgent["config"]): Record<string, unknown> {
  const { env } = config;
  if (typeof env !== "object" || env === null || Array.isArray(env)) return { ...config };
  const plain = Object.entries(env).map(([name, value]) => [
    name,
    typeof value === "object" && value !== null ? "-" : value,
  ]);
  return { ...config, env: Object.fromEntries(plain) as Record<string, unknown> };
}

function contextOf(
  { agentId: id, companyId, name }: ChosenAgent,
  config: Record<string, unknown>,
): AdapterExecutionContext {
  return {
    runId: "RUN",
    agent: { id, companyId, name, adapterType: ADAPTER_TYPE, adapterConfig: config },
    runtime: { sessionId: null, sessionParams: null, sessionDisplayId: null, taskKey: null },
    config,
    context: {},
    onLog: () => Promise.resolve(),
  };
}
