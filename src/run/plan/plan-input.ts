/** All that a plan is made from. */
import type { AdapterExecutionContext } from "@paperclipai/adapter-utils";
import type { InheritedEnvironment } from "../../config/inherited-environment.ts";
import type { OperatorSettings } from "../../config/operator.ts";
import type { HostPod } from "../../paperclip/host-pod.ts";
import type { Installation } from "../../paperclip/installation.ts";
import type { GovernedAgent } from "../../policy/policy.ts";
import type { Login } from "./home/login.ts";
import type { HostPodMissing } from "./placement.ts";
import type { AgentBundle } from "./provision.ts";

export interface HomeOnDisk {
  /** Paperclip's instance: a folder below `instances`. */
  readonly instance: string;
  /** The folder of the repository that the workspace, a git worktree, says it belongs to; null = it is none. */
  readonly repository: string | null;
  /** Paperclip's folder for the run is none that its own process finds. @default false */
  readonly isWorkspaceMissing?: boolean;
  /** In Paperclip's home, for agents that do not see it there. */
  readonly login: Login;
}

export interface PlanInput {
  readonly ctx: Pick<AdapterExecutionContext, "runId" | "agent" | "runtime" | "context" | "authToken">;
  readonly agent: GovernedAgent;
  /** Of Paperclip's environment; the policy is the agent's own, `agent.policy`. */
  readonly operator: OperatorSettings;
  /** The Paperclip whose run it is. */
  readonly installation: Installation;
  /** Variables of Paperclip's own process that the policy hands on. */
  readonly inherited: InheritedEnvironment;
  readonly hostPod: HostPod | null;
  /** Why there is none. @default nothing is known of it */
  readonly hostPodMissing?: HostPodMissing;
  /** Where Jobs go when the agent does not say. */
  readonly defaultNamespace: string;
  /** What of Paperclip's home no other field says. @default the instance `default`, no git worktree, no login */
  readonly disk?: HomeOnDisk;
  /** Authorities that Paperclip's own process trusts, as PEM. @default none */
  readonly authorities?: string | null;
  /** What Paperclip has for the agent beside its prompt. */
  readonly bundle: AgentBundle;
  /** The scripts that run in the pod, by file name. */
  readonly scripts: Readonly<Record<string, string>>;
  /** One of them, for sh, which is given Claude Code's command as its arguments and starts it. @default none */
  readonly wrapper?: string;
}
