/** Whether a namespace in which nothing was found is there at all: a list of one that is not is an empty list. */
import { ApiError } from "../../kubernetes/api-error.ts";
import { namespaces } from "../../kubernetes/resource-types.ts";
import { OperatorError } from "./operator-error.ts";
import type { OpenPlace } from "./places.ts";

/** Throws OperatorError where it is not there; who may not read namespaces (most may not) is told nothing. */
export async function requireNamespace({ lease, namespace }: OpenPlace, signal: AbortSignal): Promise<void> {
  if (namespace === undefined) return;
  try {
    await lease.client.get(namespaces, "", namespace, { signal, retryForMs: 0 });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.notFound)
      throw new OperatorError(
        `The cluster has no namespace ${namespace}.`,
        "Name another one with --namespace, or another cluster with --context; -A looks in all.",
      );
  }
}
