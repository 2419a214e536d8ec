/** What the API server, the configuration or another run has against a run. */
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAgentConfig } from "../../src/config/agent-config.ts";
import { ApiError, type ApiErrorDetails } from "../../src/kubernetes/api-error.ts";
import { systemClock } from "../../src/kubernetes/clock.ts";
import { selectContext } from "../../src/kubernetes/config/select-context.ts";
import { Installation } from "../../src/paperclip/installation.ts";
import { withDefaults } from "../../src/policy/defaults.ts";
import { parsePolicy } from "../../src/policy/parse-policy.ts";
import { govern } from "../../src/policy/policy.ts";
import { environmentNotLocal } from "../../src/run/in-paperclip.ts";
import { leavingClaim, unusableClaim } from "../../src/run/launch/unusable-claim.ts";
import { furnishHome } from "../../src/run/plan/home/furnish.ts";
import { secretContent } from "../../src/run/plan/secret.ts";
import { missingFolder } from "../../src/run/plan/workspace/missing.ts";
import { faultOf } from "../../src/run/shared/api-advice.ts";
import { agentLabel } from "../../src/run/shared/names.ts";
import { type Fault, RunFault } from "../../src/run/shared/run-fault.ts";
import { claimMetadata } from "../../src/run/shared/workspace-claim.ts";
import { T0 } from "../run/support/evidence.ts";

export interface Refused {
  readonly title: string;
  readonly error: unknown;
  readonly stop?: string;
}

const api = (details: Partial<ApiErrorDetails>): ApiError =>
  new ApiError({
    kind: "status",
    request: { verb: "create", resource: "jobs", namespace: "agents" },
    detail: "",
    ...details,
  });

const refused = (code: string, doing: string, details: Partial<ApiErrorDetails>): RunFault =>
  new RunFault(faultOf(api(details), { code, doing, at: T0 }));

const named = (code: string, message: string, fix: string | null = null): RunFault => {
  const fault: Fault = { code, message, fix, status: null, fatal: true, at: T0 };
  return new RunFault(fault);
};

function thrown(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}

/** What is said where no kubeconfig is anywhere. */
async function noKubeconfig(): Promise<unknown> {
  const nowhere = { env: { HOME: "/nowhere" }, serviceAccount: "/nowhere" };
  return selectContext({}, nowhere).catch((error: unknown) => error);
}

/** A link where the folder of all agents' homes is to be made; the sentence is of the real one. */
async function homeInTheWay(): Promise<unknown> {
  const paperclipHome = mkdtempSync(join(tmpdir(), "messages-"));
  symlinkSync("/elsewhere", join(paperclipHome, "claude_k8s"));
  const request = { paperclipHome, privateHome: ["claude_k8s", "homes", "acme", "ada"], folders: [], owner: null };
  try {
    await furnishHome({ ...request, session: null }, systemClock);
    return null;
  } catch (error) {
    if (!(error instanceof RunFault)) return error;
    return new RunFault({
      ...error.fault,
      message: error.fault.message.replaceAll(paperclipHome, "/paperclip"),
      at: T0,
    });
  } finally {
    rmSync(paperclipHome, { recursive: true });
  }
}

const CLAIM = { name: "ac-ada-1a2b3c4d5e-workspace", namespace: "agents" };

/** Of that agent; of nobody without one. */
function claimed({ agentId, phase = "Bound" }: { readonly agentId?: string; readonly phase?: string }): unknown {
  const installation = new Installation("1234", "default", "secret");
  const owner = { companyId: "acme", agentId: agentId ?? "", taskId: null };
  const metadata = agentId ? claimMetadata(CLAIM.name, CLAIM.namespace, owner, "Ada", installation) : CLAIM;
  return unusableClaim({ metadata, status: { phase } }, { owner: { ...owner, agentId: "ada" } }, installation, T0);
}

const POLICY = "/etc/paperclip-k8s/policy.yaml";
const inForce = withDefaults({ allow: { claims: ["claude-{agentId}"] } }, POLICY, []);

const CREATE = "Could not create Job ac-ada-run-1-abc123";

export const REFUSED: readonly Refused[] = [
  {
    title: "A configuration that is wrong",
    error: thrown(() => parseAgentConfig({ imagePullPolicy: "Sometimes", podStartTimeoutSec: -1, homeClam: "x" })),
  },
  {
    title: "A configuration beyond the operator's policy",
    error: thrown(() =>
      govern({ homeClaim: "data-postgres-0", labels: "app=paperclip" }, inForce, {
        companyId: "acme",
        agentId: "ada",
      }),
    ),
  },
  {
    title: "A policy that is broken",
    error: thrown(() =>
      parsePolicy("home: private\nallow:\n  label: [team]\n", {
        path: POLICY,
        named: `The policy ${POLICY} (PAPERCLIP_K8S_POLICY)`,
        ownKubeconfigs: [],
      }),
    ),
  },
  { title: "A private home where somebody put something else", error: await homeInTheWay() },
  { title: "A project whose folder is gone", error: missingFolder("/paperclip/instances/default/projects/acme/p/wt") },
  ...["somebody else's", "another agent's", "gone"].map((whose, index) => ({
    title: `A workspace's claim that is ${whose}`,
    error: [claimed({}), claimed({ agentId: "bob" }), claimed({ agentId: "ada", phase: "Lost" })][index],
  })),
  { title: "A workspace's claim that is being deleted", error: leavingClaim({ metadata: CLAIM }, T0) },
  { title: "An agent id that no label can hold", error: thrown(() => agentLabel("***")) },
  {
    title: "A prompt that is too large",
    error: thrown(() => secretContent([{ path: "prompt", content: "x".repeat(1_048_577) }], {})),
  },
  { title: "No kubeconfig", error: await noKubeconfig() },
  {
    title: "An API server that is away",
    error: refused("k8s_concurrency_guard_unreachable", "Could not list the agent's Jobs", {
      kind: "unreachable",
      code: "ECONNREFUSED",
      detail: "connect ECONNREFUSED 10.0.0.1:6443",
    }),
  },
  {
    title: "An API server whose certificate nobody vouches for",
    error: refused("k8s_concurrency_guard_unreachable", "Could not list the agent's Jobs", {
      kind: "unreachable",
      code: "DEPTH_ZERO_SELF_SIGNED_CERT",
      detail: "DEPTH_ZERO_SELF_SIGNED_CERT: self-signed certificate",
    }),
  },
  {
    title: "An API server whose name is unknown",
    error: refused("k8s_concurrency_guard_unreachable", "Could not list the agent's Jobs", {
      kind: "unreachable",
      code: "ENOTFOUND",
      detail: "getaddrinfo ENOTFOUND kube.example",
    }),
  },
  {
    title: "A slow API server",
    error: refused("k8s_job_create_failed", CREATE, { kind: "timeout", detail: "no answer in 30 s" }),
  },
  {
    title: "A credential plugin that fails",
    error: refused("k8s_job_create_failed", CREATE, { kind: "credentials", detail: "aws: exit code 255" }),
  },
  {
    title: "No Kubernetes at that address",
    error: refused("k8s_job_create_failed", CREATE, { kind: "protocol", detail: "<html>" }),
  },
  {
    title: "Credentials that are not accepted",
    error: refused("k8s_job_create_failed", CREATE, { status: 401, detail: "Unauthorized" }),
  },
  {
    title: "A missing right",
    error: refused("k8s_job_create_failed", CREATE, {
      status: 403,
      detail: 'jobs.batch is forbidden: User "paperclip" cannot create resource "jobs" in API group "batch"',
    }),
  },
  {
    title: "A quota on Jobs",
    error: refused("k8s_job_create_failed", CREATE, {
      status: 403,
      detail: 'jobs.batch "ac-ada" is forbidden: exceeded quota: team, requested: count/jobs.batch=1',
    }),
  },
  {
    title: "A namespace that is being deleted",
    error: refused("k8s_prompt_secret_create_failed", "Could not create Secret ac-ada-run-1-abc123", {
      status: 403,
      detail: "unable to create new content in namespace agents because it is being terminated",
    }),
  },
  {
    title: "A policy",
    error: refused("k8s_job_create_failed", CREATE, {
      status: 400,
      detail: 'admission webhook "validate.kyverno.svc-fail" denied the request: a team label is required',
    }),
  },
  {
    title: "A namespace that does not exist",
    error: refused("k8s_job_create_failed", CREATE, {
      status: 404,
      detail: 'namespaces "agents" not found',
      body: { details: { kind: "namespaces", name: "agents" } },
    }),
  },
  {
    title: "An invalid object",
    error: refused("k8s_job_create_failed", CREATE, { status: 422, detail: "spec.template: Invalid value" }),
  },
  {
    title: "A fault of the API server",
    error: refused("k8s_job_create_failed", CREATE, { status: 503, detail: "etcdserver: leader changed" }),
  },
  { title: "Any other refusal", error: refused("k8s_job_create_failed", CREATE, { status: 409, detail: "Conflict" }) },
  {
    title: "A run that cannot be seen",
    error: refused("k8s_observation_lost", "The run is not started, because its end could not be observed", {
      status: 403,
      request: { verb: "watch", resource: "pods", namespace: "agents" },
      detail: 'pods is forbidden: User "paperclip" cannot watch resource "pods"',
    }),
  },
  { title: "A bug of the adapter", error: new TypeError("Cannot read properties of undefined (reading 'x')") },
  {
    title: "A fault without advice",
    error: named("k8s_pod_reattach_failed", "The Job is not the one that was claimed"),
  },
  { title: "A Stop before there was a Job", error: new Error("aborted"), stop: "Cancelled by a board operator" },
  {
    title: "A restart of Paperclip before there was a Job",
    error: new Error("aborted"),
    stop: "Legacy controller lease lost",
  },
  { title: "An environment that is not local", error: environmentNotLocal() },
];
