/** Why a command cannot go on, in one style for all: `claude-k8s COMMAND: what happened. What to do.` */
import { ConfigError } from "../config/config-error.ts";
import { nameOf } from "../kubernetes/access.ts";
import { ApiError } from "../kubernetes/api-error.ts";
import { KubeconfigError } from "../kubernetes/config/kubeconfig-error.ts";
import { OperatorError } from "../operate/look/operator-error.ts";
import { adviceFor } from "../run/shared/api-advice.ts";
import { RunFault } from "../run/shared/run-fault.ts";
import { CommandError } from "./command-error.ts";

export interface Failure {
  readonly problems: readonly { readonly message: string; readonly fix: string }[];
  readonly exitCode: 1 | 2;
}

/** Null: nobody has foreseen it, and the stack is what helps. */
export function failureOf(error: unknown): Failure | null {
  if (error instanceof CommandError) return { problems: [error], exitCode: error.exitCode };
  if (error instanceof OperatorError) return { problems: [error], exitCode: error.isUsage ? 2 : 1 };
  if (error instanceof RunFault) return failed(sentence(error.fault.message), error.fault.fix ?? "");
  if (error instanceof ConfigError) {
    const problems = error.problems.map(({ field, problem, fix }) => ({ message: `${field}: ${problem}.`, fix }));
    return { problems, exitCode: 1 };
  }
  if (error instanceof KubeconfigError) return failed(error.message, fixOfKubeconfig(error));
  if (error instanceof ApiError) return failed(sentence(error.message), adviceOn(error));
  return null;
}

const failed = (message: string, fix: string): Failure => ({ problems: [{ message, fix }], exitCode: 1 });

const sentence = (text: string): string => text.replace(/[.:]?$/, ".");

/** The error's own fix speaks to who configures an agent. */
function fixOfKubeconfig({ code, fix }: KubeconfigError): string {
  if (code === "none") return "Name one with --kubeconfig FILE, or run this in Paperclip's pod.";
  return code === "unknown-context" ? `${fix} Choose one with --context.` : fix;
}

/** Whoever runs a command is not always Paperclip's service account. */
function adviceOn(error: ApiError): string {
  if (error.kind === "unreachable" && error.transient && error.code !== "ENOTFOUND")
    return "Check that the cluster runs and that this machine reaches it (kubectl version with the same kubeconfig).";
  if (!error.deniesRight) return adviceFor(error);
  const { verb, resource, namespace } = error;
  const group = resource.startsWith("jobs") ? "batch" : "";
  const right = nameOf({ verb, group, resource, namespace });
  const where = namespace === undefined ? "a ClusterRole" : "a Role";
  return `The right that is missing: ${right}. Have it granted in ${where}, or use another user (--kubeconfig, --context).`;
}
