/** What to do about a refused or failed call to the API server, in one sentence. */
import { ApiError } from "../../kubernetes/api-error.ts";
import { isPassing } from "../../kubernetes/http/retry.ts";
import type { Fault } from "./run-fault.ts";

export function adviceFor(error: unknown): string {
  if (!(error instanceof ApiError)) return "This is a fault of the adapter; please report it with this message.";
  const where = error.namespace === undefined ? "" : ` in namespace ${error.namespace}`;
  switch (error.kind) {
    case "unreachable":
      return error.code === "ENOTFOUND"
        ? "Check the server's name in the kubeconfig."
        : "Check that the cluster runs and that Paperclip's host reaches it (`kubectl version` with the same kubeconfig).";
    case "timeout":
      return "The cluster is slow or cut off; the run can be tried again.";
    case "credentials":
      return "Check the credentials of the kubeconfig (`kubectl auth whoami`).";
    case "protocol":
      return "Check that the kubeconfig's server is the API server and that no proxy answers for it.";
    case "status":
      return adviceForStatus(error, where);
  }
}

function adviceForStatus(error: ApiError, where: string): string {
  if (error.unauthorized) return "The cluster does not accept the credentials: check the kubeconfig or the token.";
  if (error.forbidden && /exceeded quota/.test(error.detail))
    return `The quota${where} has no room: raise it, or let other runs end.`;
  // RBAC's words; other 403s come from admission and say themselves what is wrong.
  if (error.forbidden && / cannot (create|get|list|watch|patch|delete) resource /.test(error.detail))
    return `Grant the verb "${error.verb}" on ${error.resource}${where} to Paperclip's service account (deploy/rbac.yaml has the whole Role).`;
  if (error.forbidden && /because it is being terminated/.test(error.detail))
    return "The namespace is being deleted: set another one in the agent's configuration, or create it anew when it is gone.";
  if (error.forbidden) return "An admission rule of the cluster refused it: change what its message names.";
  if (error.notFound && error.details?.kind === "namespaces")
    return `Create the namespace ${error.details.name}, or set another one in the agent's configuration.`;
  if (error.status === 422) return "Change the setting that the message names.";
  return "The cluster answered with an error; the run can be tried again.";
}

/** An error as data for the evidence. */
export function faultOf(
  error: unknown,
  about: { readonly code: string; readonly doing: string; readonly at: number; readonly fatal?: boolean },
): Fault {
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: about.code,
    message: `${about.doing}: ${message}`,
    fix: adviceFor(error),
    status: error instanceof ApiError ? (error.status ?? null) : null,
    fatal: about.fatal ?? true,
    passing: error instanceof ApiError && isPassing(error),
    at: about.at,
  };
}
