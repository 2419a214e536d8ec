/** Creates an object of a run so that it is there once, whatever becomes of an answer. */
import { ApiError } from "../../kubernetes/api-error.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { fullJitter } from "../../kubernetes/http/backoff.ts";
import { isTransient } from "../../kubernetes/http/retry.ts";
import type { KubeObject, ResourceType, Stored } from "../../kubernetes/resource-types.ts";
import type { RunPlan } from "../plan/plan.ts";
import { faultOf, WEBHOOK_AWAY_MS, webhookAway } from "../shared/api-advice.ts";
import type { VerdictCode } from "../shared/codes.ts";
import { RunFault } from "../shared/run-fault.ts";

/** Milliseconds for which an unreachable cluster is retried: it answered a moment ago. */
export const RETRY = { retryForMs: 180_000 };
/** Minimal milliseconds between two attempts to create: an object that is being deleted may still have the name. */
export const CREATE_AGAIN_MS = 500;

export interface Creation<T extends KubeObject> {
  readonly type: ResourceType<T>;
  readonly object: T;
  readonly isOurs: (found: Stored<T>) => boolean;
  /** True when the object with that name is about to be deleted by the cluster. */
  readonly isLeaving: (found: Stored<T>) => boolean;
  readonly code: VerdictCode;
  /** Is told of a webhook that is away, which is waited for. @default nobody */
  readonly tellAway?: ((webhook: string) => Promise<void>) | undefined;
}

/** Creates, or finds that an earlier attempt has: its answer may have been lost. */
export async function create<T extends KubeObject>(
  client: KubernetesClient,
  plan: RunPlan,
  signal: AbortSignal,
  { type, object, isOurs, isLeaving, code, tellAway }: Creation<T>,
): Promise<Stored<T>> {
  let began = client.clock.now();
  // What it waits behind other starts is not taken from the time for which it is tried.
  const onTurn = (waitedMs: number): void => {
    began += waitedMs;
  };
  const options = { ...RETRY, signal, onTurn };
  for (let attempt = 0; ; attempt++) {
    try {
      return await client.create(type, plan.namespace, object, options);
    } catch (error) {
      if (signal.aborted) throw error;
      const found = mayExist(error) ? await client.find(type, plan.namespace, plan.name, options) : undefined;
      if (found && isOurs(found)) return found;
      // The name makes it safe to try again: were the first one carried out late, the second would meet it.
      const retry = found ? isLeaving(found) : isRetryable(error);
      const away = webhookAway(error);
      if (away !== null) await tellAway?.(away);
      if (!retry || client.clock.now() > began + (away === null ? RETRY.retryForMs : WEBHOOK_AWAY_MS))
        throw failed(client, code, `Could not create ${type.kind} ${plan.name}`, error);
      await client.clock.sleep(CREATE_AGAIN_MS + fullJitter(attempt, client.random), signal);
    }
  }
}

/** A quota that several creates count against at once answers all but one with a conflict (kubernetes/kubernetes#67761). */
export const isRetryable = (error: unknown): boolean =>
  error instanceof ApiError && (error.alreadyExists || error.conflict || (error.ambiguous && isTransient(error)));

/** The object may be there: it was before, or the answer to our own create was lost. */
export const mayExist = (error: unknown): boolean =>
  error instanceof ApiError && (error.alreadyExists || error.ambiguous);

export function failed(client: KubernetesClient, code: string, doing: string, error: unknown): RunFault {
  return new RunFault(faultOf(error, { code, doing, at: client.clock.now() }), error);
}
