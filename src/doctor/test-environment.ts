/**
 * The environment test of Paperclip's page: would a run of this agent work? First what can be seen from outside, side by
 * side; then, unless that shows that it cannot, one small Job of the agent's own plan that says hello. Each check says what
 * it found and, where something is wrong, the fix.
 */
import type {
  AdapterEnvironmentCheck,
  AdapterEnvironmentTestContext,
  AdapterEnvironmentTestResult,
} from "@paperclipai/adapter-utils";
import { ConfigError } from "../config/config-error.ts";
import { helloProbe } from "../config/operator.ts";
import type { ClusterLease } from "../kubernetes/cluster-registry.ts";
import { KubeconfigError } from "../kubernetes/config/kubeconfig-error.ts";
import { govern } from "../policy/policy.ts";
import { type Dependencies, realDependencies } from "../run/shared/dependencies.ts";
import { type Check, type CheckContext, info, messageOf, type PodCheck, problem } from "./check.ts";
import { checkAdmission } from "./checks/admission.ts";
import { checkApiAnswers } from "./checks/api-answers.ts";
import { checkApiUrl } from "./checks/api-url.ts";
import { checkCredentials } from "./checks/credentials.ts";
import { checkGit } from "./checks/git.ts";
import { checkHello } from "./checks/hello.ts";
import { checkHome } from "./checks/home.ts";
import { checkHomeWritable } from "./checks/home-writable.ts";
import { checkHostPod } from "./checks/host-pod.ts";
import { checkImage } from "./checks/image.ts";
import { checkLog } from "./checks/log.ts";
import { checkLostLines } from "./checks/lost-lines.ts";
import { checkNamespace } from "./checks/namespace.ts";
import { checkNetworkPolicy } from "./checks/network-policy.ts";
import { checkNode } from "./checks/node.ts";
import { checkNotes } from "./checks/notes.ts";
import { checkPodStart } from "./checks/pod-start.ts";
import { checkOwnNamespace, checkPolicy, checkUpToTheAgent, withoutUpToTheAgent } from "./checks/policy.ts";
import { checkProbeGone } from "./checks/probe-gone.ts";
import { checkProgram } from "./checks/program.ts";
import { checkQueue } from "./checks/queue.ts";
import { checkRights } from "./checks/rights.ts";
import { checkShell } from "./checks/shell.ts";
import { checkWorkspace } from "./checks/workspace.ts";
import { bounded, openContext } from "./context.ts";
import { probeLimitSec, runHello } from "./hello.ts";
import { conclusive, statusOf } from "./status.ts";

/** Seen from outside; the key stands in the sentence on a check that did not end in time. */
const checks: Readonly<Record<string, Check>> = {
  "the configuration": checkNotes,
  "the namespace": checkNamespace,
  "the rights of Paperclip": checkRights,
  "Paperclip's own pod": checkHostPod,
  "the image": checkImage,
  "the home volume": checkHome,
  "the workspace": checkWorkspace,
  "a run's Job and Secret": checkAdmission,
  "the credential of Claude Code": checkCredentials,
  "Paperclip's address": checkApiUrl,
  "lost lines": checkLostLines,
  "the network's limits": checkNetworkPolicy,
  "the queue": checkQueue,
};

/** Seen in the pod of the hello probe. */
const podChecks: readonly PodCheck[] = [
  checkPodStart,
  checkProgram,
  checkHello,
  checkShell,
  checkNode,
  checkGit,
  checkHomeWritable,
  checkApiAnswers,
  checkLog,
  checkProbeGone,
];

export async function testEnvironment(
  ctx: Pick<AdapterEnvironmentTestContext, "adapterType" | "config"> & { readonly companyId?: string },
  overrides: Partial<Dependencies> = {},
): Promise<AdapterEnvironmentTestResult> {
  const found = await examine(ctx.config, ctx.companyId ?? "", { ...realDependencies(), ...overrides });
  return { adapterType: ctx.adapterType, status: statusOf(found), checks: found, testedAt: new Date().toISOString() };
}

async function examine(
  config: Record<string, unknown>,
  companyId: string,
  deps: Dependencies,
): Promise<AdapterEnvironmentCheck[]> {
  let lease: ClusterLease | null = null;
  const found: AdapterEnvironmentCheck[] = [];
  try {
    const policy = await deps.readPolicy(deps.env);
    found.push(...checkPolicy(policy));
    // Paperclip tells the test a configuration, and not whose it is (2026.916.1).
    const agent = govern(config, policy, { companyId, agentId: null });
    const unknownNamespace = checkOwnNamespace(agent);
    if (unknownNamespace) return [...found, unknownNamespace];
    found.push(...checkUpToTheAgent(agent));
    lease = await deps.clusters.acquire(agent.cluster);
    const context = await openContext(lease.client, agent, { config, companyId, deps });
    if ("code" in context) return [...found, context];
    const { gitVersion, ...seen } = context;
    const outside = await Promise.all(Object.entries(checks).map(([what, check]) => bounded(what, check, seen)));
    const reachable = info("k8s_api_reachable", `The API server answers (Kubernetes ${gitVersion}).`);
    const first = [...found, reachable, ...outside.flat()];
    const inside = await examinePod(lease, seen, first, { config, companyId, deps });
    return conclusive([...first, ...inside]);
  } catch (error) {
    return [...found, ...beforeTheCluster(error)];
  } finally {
    await lease?.release();
  }
}

interface TestRequest {
  readonly config: Record<string, unknown>;
  readonly companyId: string;
  readonly deps: Dependencies;
}

async function examinePod(
  lease: ClusterLease,
  context: CheckContext,
  found: readonly AdapterEnvironmentCheck[],
  request: TestRequest,
): Promise<AdapterEnvironmentCheck[]> {
  const skipped = (why: string) => [info("claude_hello_probe_skipped", `The hello probe was not run: ${why}.`)];
  if (!helloProbe(request.deps.env)) return skipped("PAPERCLIP_K8S_HELLO_PROBE is off in Paperclip's environment");
  if (found.some(({ level, code }) => level === "error" && code.startsWith("k8s_")))
    return skipped("what is wrong already keeps a pod from starting");
  const agent = withoutUpToTheAgent(context.agent);
  if (!agent)
    return skipped("the policy gives some of this to one agent alone, and the test is not told which it is for");
  const own = { ...context, agent };
  const limitSec = probeLimitSec(request.config);
  const probe = await runHello(lease, own, limitSec, request);
  return podChecks.flatMap((check) => check({ ...own, probe, limitSec }));
}

function beforeTheCluster(error: unknown): AdapterEnvironmentCheck[] {
  if (error instanceof ConfigError)
    return error.problems.map(({ field, problem: what, fix }) =>
      problem("error", error.code, `${field} ${what}.`, fix),
    );
  if (error instanceof KubeconfigError) return [problem("error", "k8s_kubeconfig_invalid", error.message, error.fix)];
  return [problem("error", "k8s_check_failed", messageOf(error), "This is a fault of the adapter; please report it.")];
}
