import { ApiError } from "../../kubernetes/api-error.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { OperatorError } from "../look/operator-error.ts";

interface Judged {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

/** Removes an object as it was judged. Throws OperatorError when it has changed since, and stays; else ApiError. */
export async function removeUnchanged(
  client: KubernetesClient,
  type: Parameters<KubernetesClient["delete"]>[0],
  { namespace, name, uid, resourceVersion }: Judged,
  signal: AbortSignal,
): Promise<void> {
  try {
    await client.delete(type, namespace, name, { uid, resourceVersion, signal });
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 409)) throw error;
    throw changed();
  }
}

export const changed = (): OperatorError =>
  new OperatorError("It has changed meanwhile, and stays: somebody may need it.", "Look again.");
