/** Plans a run of an agent as the adapter would, and prints its Job. Nothing is created. */
import type { AdapterExecutionContext } from "@paperclipai/adapter-utils";
import { type as ADAPTER_TYPE } from "../../identity.ts";
import { govern, type Policy } from "../../policy/policy.ts";
import { findHostPod, originsOf, prepare } from "../../run/plan/plan.ts";
import { type Dependencies, realDependencies } from "../../run/shared/dependencies.ts";
import { printJob } from "./print-job.ts";

export interface AgentToPrint {
  readonly agentId: string;
  readonly companyId: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** Rejects with ConfigError where a run would be refused, with ApiError or KubeconfigError where there is no cluster. */
export async function manifestOf(
  agent: AgentToPrint,
  policy: Policy,
  overrides: Partial<Dependencies> = {},
): Promise<string> {
  const deps = { ...realDependencies(), ...overrides };
  const config = withoutSecrets(agent.config);
  const governed = govern(config, policy, agent);
  const lease = await deps.clusters.acquire(governed.cluster);
  try {
    const hostPod = await findHostPod(lease.client, deps);
    const ctx = contextOf(agent, config);
    const plan = await prepare(ctx, governed, lease.client, deps, AbortSignal.timeout(30_000), hostPod);
    const { made } = plan.templates;
    const stages = [...plan.templates.stages, { field: "pod of the policy", template: { ...plan.job.spec?.template } }];
    const pod = hostPod.kind === "found" ? hostPod.pod : null;
    const notes = plan.notes.map((note) => `# ${note.replaceAll("\n", " ")}\n`).join("");
    return `${notes}${printJob({ apiVersion: "batch/v1", kind: "Job", ...plan.job }, originsOf(governed, pod, made.spec?.template, stages))}`;
  } finally {
    await lease.release();
  }
}

/** Paperclip resolves a secret for a run alone; in the Job only the variable's name stands. */
function withoutSecrets(config: AgentToPrint["config"]): Record<string, unknown> {
  const { env } = config;
  if (typeof env !== "object" || env === null || Array.isArray(env)) return { ...config };
  const plain = Object.entries(env).map(([name, value]) => [
    name,
    typeof value === "object" && value !== null ? "-" : value,
  ]);
  return { ...config, env: Object.fromEntries(plain) as Record<string, unknown> };
}

function contextOf(
  { agentId: id, companyId, name }: AgentToPrint,
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
