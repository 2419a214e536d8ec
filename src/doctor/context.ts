/** Gathers what the checks share, each step within a time that a person waits for. */
import type {
  AdapterEnvironmentCheck,
  AdapterEnvironmentTestContext,
  AdapterExecutionContext,
} from "@paperclipai/adapter-utils";
import { ConfigError } from "../config/config-error.ts";
import { operatorSettings } from "../config/operator.ts";
import { ApiError } from "../kubernetes/api-error.ts";
import type { CallOptions } from "../kubernetes/call-options.ts";
import type { KubernetesClient } from "../kubernetes/client.ts";
import { type GovernedAgent, namespaceOf } from "../policy/policy.ts";
import { findHostPod, type HostPodLookup, prepare, type RunPlan } from "../run/plan/plan.ts";
import { adviceFor } from "../run/shared/api-advice.ts";
import type { Dependencies } from "../run/shared/dependencies.ts";
import { ADAPTER_TYPE } from "../run/shared/names.ts";
import { withTimeout } from "../run/shared/with-timeout.ts";
import { type Check, type CheckContext, messageOf, problem } from "./check.ts";
import { ENVIRONMENT_TEST } from "./home.ts";

/** Milliseconds for one call to the cluster. */
const CALL_MS = 8_000;
/** Milliseconds for one check, with the few calls that it makes. */
const CHECK_MS = 12_000;

export interface TestRequest {
  readonly config: AdapterEnvironmentTestContext["config"];
  readonly companyId: string;
  readonly deps: Dependencies;
}

/** The context, or the check that says why there is none: the cluster does not answer. */
export async function openContext(
  client: KubernetesClient,
  agent: GovernedAgent,
  { config, companyId, deps }: TestRequest,
): Promise<(CheckContext & { readonly gitVersion: string }) | AdapterEnvironmentCheck> {
  const call: CallOptions = { retryForMs: 0, timeoutMs: CALL_MS };
  try {
    const { gitVersion } = await client.version(call);
    const hostPod = await findHostPod(client, deps, call);
    const apiUrl = operatorSettings(deps.env).apiUrl ?? deps.paperclipUrl({ id: "", companyId: "" });
    const namespace = namespaceOf(agent, client.cluster.namespace);
    // Whoever tests names the paths of instructions and skills: without Paperclip's own word nothing of its machine is read.
    const unread: GovernedAgent = { ...agent, input: {} };
    const plan = await planOf(contextOfTest(companyId, config), unread, client, deps, hostPod);
    return { agent, client, namespace, apiUrl, hostPod, companyId, plan, call, gitVersion };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return problem("error", "k8s_api_unreachable", error.message, adviceFor(error));
  }
}

/** What Paperclip hands to a run, made up for an agent of which only the page's configuration is known. */
export function contextOfTest(companyId: string, config: Record<string, unknown>): AdapterExecutionContext {
  const id = ENVIRONMENT_TEST;
  return {
    runId: crypto.randomUUID(),
    agent: { id, companyId, name: "Environment test", adapterType: ADAPTER_TYPE, adapterConfig: config },
    runtime: { sessionId: null, sessionParams: null, sessionDisplayId: null, taskKey: null },
    config,
    context: {},
    onLog: () => Promise.resolve(),
  };
}

async function planOf(
  ctx: AdapterExecutionContext,
  agent: GovernedAgent,
  client: KubernetesClient,
  deps: Dependencies,
  hostPod: HostPodLookup,
): Promise<RunPlan | ConfigError> {
  try {
    return await prepare(ctx, agent, client, deps, AbortSignal.timeout(CHECK_MS), hostPod);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

/** The check, which may also fail or hang: neither keeps the others from being read. */
export async function bounded(what: string, check: Check, context: CheckContext): Promise<AdapterEnvironmentCheck[]> {
  const { clock } = context.client;
  const again = "Test again when the cluster answers quickly.";
  const late = `Whether ${what} is in order could not be seen within ${CHECK_MS / 1000} s.`;
  try {
    return await withTimeout(clock, CHECK_MS, check(context), [problem("warn", "k8s_check_timed_out", late, again)]);
  } catch (error) {
    const failed = `${what} could not be checked: ${messageOf(error)}`;
    return [problem("warn", "k8s_check_failed", failed, "This is a fault of the adapter; please report it.")];
  }
}
