/** The environment test of Paperclip's page: each check says what it found and, where something is wrong, the fix. */
import type {
  AdapterEnvironmentCheck,
  AdapterEnvironmentTestContext,
  AdapterEnvironmentTestResult,
} from "@paperclipai/adapter-utils";
import { type ParsedAgentConfig, parseAgentConfig } from "../config/agent-config.ts";
import { ConfigError } from "../config/config-error.ts";
import { operatorPolicy } from "../config/operator.ts";
import type { ClusterLease } from "../kubernetes/cluster-registry.ts";
import { KubeconfigError } from "../kubernetes/config/kubeconfig-error.ts";
import { clusterOf, findHostPod } from "../run/plan/plan.ts";
import { type Dependencies, realDependencies } from "../run/shared/dependencies.ts";
import { type Check, info, problem, wordsOf } from "./check.ts";
import { checkApiUrl } from "./checks/api-url.ts";
import { checkHome } from "./checks/home.ts";
import { checkImage } from "./checks/image.ts";
import { checkLostLines } from "./checks/lost-lines.ts";
import { checkNamespace } from "./checks/namespace.ts";
import { checkRights } from "./checks/rights.ts";

const checks: readonly Check[] = [checkNamespace, checkRights, checkImage, checkHome, checkLostLines, checkApiUrl];

export async function testEnvironment(
  ctx: Pick<AdapterEnvironmentTestContext, "adapterType" | "config">,
  given: Partial<Dependencies> = {},
): Promise<AdapterEnvironmentTestResult> {
  const found = await examine(ctx.config, { ...realDependencies(), ...given });
  const worst = found.some(({ level }) => level === "error")
    ? "fail"
    : found.some(({ level }) => level === "warn")
      ? "warn"
      : "pass";
  return { adapterType: ctx.adapterType, status: worst, checks: found, testedAt: new Date().toISOString() };
}

async function examine(config: Record<string, unknown>, deps: Dependencies): Promise<AdapterEnvironmentCheck[]> {
  let lease: ClusterLease | null = null;
  try {
    const agent = parseAgentConfig(config);
    lease = await deps.clusters.acquire(clusterOf(agent));
    return [info("k8s_config_valid", "The configuration is valid."), ...(await examineCluster(lease, agent, deps))];
  } catch (error) {
    return beforeTheCluster(error);
  } finally {
    await lease?.release();
  }
}

function beforeTheCluster(error: unknown): AdapterEnvironmentCheck[] {
  if (error instanceof ConfigError)
    return error.problems.map(({ field, problem: what, fix }) =>
      problem("error", "k8s_config_invalid", `${field} ${what}.`, fix),
    );
  if (error instanceof KubeconfigError) return [problem("error", "k8s_kubeconfig_invalid", error.message, error.fix)];
  return [problem("error", "k8s_check_failed", wordsOf(error), "This is a fault of the adapter; please report it.")];
}

async function examineCluster(
  { client }: ClusterLease,
  agent: ParsedAgentConfig,
  deps: Dependencies,
): Promise<AdapterEnvironmentCheck[]> {
  const namespace = agent.config.namespace ?? client.cluster.namespace;
  try {
    const { gitVersion } = await client.version({ retryForMs: 0 });
    const hostPod = await findHostPod(client, deps);
    const apiUrl = operatorPolicy(deps.env).apiUrl ?? deps.paperclipUrl({ id: "", companyId: "" });
    const context = { agent, client, namespace, hostPod, apiUrl };
    const results = await Promise.all(checks.map((check) => check(context)));
    const reachable = info("k8s_api_reachable", `The API server answers (Kubernetes ${gitVersion}).`);
    return [reachable, ...results.flat()];
  } catch (error) {
    const hint = "Check that the cluster runs and that Paperclip's host reaches it with this kubeconfig.";
    return [problem("error", "k8s_api_unreachable", wordsOf(error), hint)];
  }
}
