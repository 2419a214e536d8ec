/**
 * What the pod does about the agent's workspace: which repository its runner clones, by which login, what it runs before the
 * agent, and what it asks after it. Pure.
 */
import type { Volume, VolumeMount } from "kubernetes-types/core/v1";
import type { Wake } from "../../../paperclip/wake.ts";
import type { GovernedAgent } from "../../../policy/policy.ts";
import { credentialScript, workspaceScript } from "../../../runner/scripts.generated.ts";
import { RUN_FILES, type RunnerSpec, repositoryValues } from "../../../runner/spec.ts";
import type { RunFile } from "../secret.ts";
import type { Repository } from "../workspace/repository.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { type Address, addressOf, requireRefName } from "./address.ts";
import { credentialsFor, NO_CREDENTIALS } from "./credentials.ts";
import type { GitSetting } from "./git-variables.ts";

export interface Checkout {
  /** Of the run's directory. */
  readonly files: readonly RunFile[];
  /** For the runner; undefined where the workspace needs nothing. */
  readonly spec: RunnerSpec["workspace"];
  /** For every git in the pod. */
  readonly settings: readonly GitSetting[];
  readonly volumes: readonly Volume[];
  readonly mounts: readonly VolumeMount[];
  /** Seconds that may pass before the agent starts. */
  readonly beforeSec: number;
  /** Seconds of a pod's grace for what is asked after the agent. */
  readonly graceSec: number;
}

export interface CheckoutInput {
  readonly workspace: Workspace;
  readonly wake: Pick<Wake, "workspace">;
  readonly agent: Pick<GovernedAgent, "config" | "gitCredentials">;
  readonly author: { readonly id: string; readonly name: string };
  readonly runId: string;
  /** Whether Paperclip puts its own git before that of the image. */
  readonly hasManagedGit: boolean;
}

/** As long as the runner lets it take, see src/runner/workspace/workspace.ts. */
const KEEP_GRACE_SEC = 10;

/** Throws ConfigError for what git would not take. */
export function checkoutOf(input: CheckoutInput): Checkout {
  const { workspace, wake, agent } = input;
  const { config } = agent;
  const repository = "repository" in workspace ? workspace.repository : null;
  const address = repository
    ? addressOf(repository.url, Object.keys(agent.gitCredentials))
    : mountedAddress(wake, agent);
  const login = address ? credentialsFor(address, agent.gitCredentials) : NO_CREDENTIALS;
  const hasSetup = config.setup !== null;
  const files = [
    ...(repository || hasSetup ? scripts(input, repository, repository ? address : null) : []),
    ...(hasSetup ? [{ path: RUN_FILES.setup, content: `${config.setup}\n` }] : []),
    ...(login.mounts.length > 0
      ? [{ path: RUN_FILES.credential, content: credentialScript, layer: "runner" as const }]
      : []),
  ];
  return {
    files,
    spec: repository || hasSetup ? { keeps: repository !== null } : undefined,
    settings: [["safe.directory", workspace.cwd], ...login.settings],
    volumes: login.volumes,
    mounts: login.mounts,
    beforeSec: (repository ? config.checkoutTimeoutSec : 0) + (hasSetup ? config.setupTimeoutSec : 0),
    graceSec: repository ? KEEP_GRACE_SEC : 0,
  };
}

/** Of the repository that Paperclip has cloned itself, to which the agent may push. */
function mountedAddress(
  { workspace }: CheckoutInput["wake"],
  { gitCredentials }: CheckoutInput["agent"],
): Address | null {
  const origins = Object.keys(gitCredentials);
  if (workspace.repoUrl === null || origins.length === 0) return null;
  try {
    return addressOf(workspace.repoUrl, origins);
  } catch {
    return null;
  }
}

function scripts(input: CheckoutInput, repository: Repository | null, address: Address | null): RunFile[] {
  const { agent, author, runId, workspace, hasManagedGit } = input;
  const { config, gitCredentials } = agent;
  const values = repositoryValues({
    url: address?.url ?? "",
    ref: repository?.ref ? requireRefName("repoRef", repository.ref) : "",
    branch: repository?.branch ? requireRefName("branchName", repository.branch) : "",
    depth: config.gitDepth,
    submodules: config.gitSubmodules,
    lfs: config.gitLfs,
    sparse: config.gitSparse,
    managed: hasManagedGit && address?.host === "github.com" && !(address.origin in gitCredentials),
    checkoutTimeoutSec: config.checkoutTimeoutSec,
    setupTimeoutSec: config.setupTimeoutSec,
    volatile: workspace.kind === "clone",
    rescue: config.gitSaveUnfinished && workspace.kind === "clone" ? `paperclip/${branchPart(runId)}` : "",
    // What git cuts out itself, and what sh would end at.
    author: { name: author.name.replaceAll(/[\p{Cc}<>]/gu, " "), email: `${branchPart(author.id)}@agents.invalid` },
  });
  return [
    { path: RUN_FILES.workspace, content: workspaceScript, layer: "runner" },
    { path: RUN_FILES.repository, content: values },
  ];
}

const branchPart = (id: string): string => id.replaceAll(/[^A-Za-z0-9-]+/g, "-") || "run";
