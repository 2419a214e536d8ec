/** What to do about a refused or failed call to the API server, in one sentence. */
import { ApiError } from "../../kubernetes/api-error.ts";
import { isCertificateFault } from "../../kubernetes/http/network-error.ts";
import { isTransient } from "../../kubernetes/http/retry.ts";
import type { Fault } from "./run-fault.ts";

export function adviceFor(error: unknown): string {
  if (!(error instanceof ApiError)) return "Please report this message: it is a fault of the adapter.";
  switch (error.kind) {
    case "unreachable":
      if (isCertificateFault(error.code))
        return "Check the certificate authority and the server of the kubeconfig: the API server's certificate does not match them, or is out of date.";
      return error.code === "ENOTFOUND"
        ? "Check the server's name in the kubeconfig."
        : "Check that the cluster runs and that Paperclip's host reaches it (kubectl version with the same kubeconfig).";
    case "timeout":
      return "Run it again later: the API server is slow or cannot be reached.";
    case "credentials":
      return "Check the credentials of the kubeconfig (kubectl auth whoami).";
    case "protocol":
      return "Check that the kubeconfig's server is the API server and that no proxy answers for it.";
    case "status":
      return adviceForStatus(error);
  }
}

/** RBAC's message; other refusals with 403 come from admission, whose own message says what is wrong. */
const MISSING_RIGHT = / cannot (create|get|list|watch|patch|delete) resource /;

function adviceForStatus(error: ApiError): string {
  const { detail, status, details } = error;
  const where = error.namespace === undefined ? "" : ` in namespace ${error.namespace}`;
  if (webhookAway(error) !== null)
    return "Check the webhook that the message names: it does not answer the API server. mjob.kb.io and vjob.kb.io are Kueue's: check its pods (kubectl -n kueue-system get pods).";
  if (isTransient(error)) return "Run it again later: the API server reported an error of its own.";
  if (error.unauthorized) return "Check the credentials that the kubeconfig names: the cluster does not accept them.";
  if (error.forbidden && /exceeded quota/.test(detail)) return `Raise the quota${where}, or wait until other runs end.`;
  if (error.forbidden && MISSING_RIGHT.test(detail))
    return `Grant the verb "${error.verb}" on ${error.resource}${where} to Paperclip's service account (deploy/rbac.yaml has the whole Role).`;
  if (error.forbidden && /because it is being terminated/.test(detail))
    return "Set another namespace (namespace), or create this one again once it is gone: it is being deleted.";
  // A webhook that denies without a code of its own is answered with 400.
  if (error.forbidden || /admission webhook .* denied/.test(detail))
    return "Change what the message names, or the cluster's policy that refuses it.";
  if (error.notFound && details?.kind === "namespaces")
    return `Create the namespace ${details.name}, or set another one (namespace).`;
  if (status === 422) return "Change the setting that the message names.";
  return "Read the message: the API server does not accept the request.";
}

/** The webhook of the cluster that does not answer, so that nothing can be written; null: that is not what failed. */
export function webhookAway(error: unknown): string | null {
  if (!(error instanceof ApiError) || error.status !== 500) return null;
  return /failed calling webhook "([^"]+)"/.exec(error.detail)?.[1] ?? null;
}

/** For a sentence. */
export const awayInWords = (webhook: string): string =>
  `its webhook ${webhook}${/^[mv]job\.kb\.io$/.test(webhook) ? " (Kueue)" : ""} does not answer, and it refuses every Job until then`;

/** Milliseconds for which a webhook may be away before a run is given up that has not started: nobody else could start one. */
export const WEBHOOK_AWAY_MS = 15 * 60_000;

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
    transient: error instanceof ApiError && isTransient(error),
    at: about.at,
  };
}
