/**
 * Sees to it that the bundles of a run are there and stay until its pod has started. Each step holds by itself: two servers
 * that make the same bundle at once, or one that is killed between any two calls, leave nothing that another run cannot use.
 */
import type { Job } from "kubernetes-types/batch/v1";
import { raceSignal } from "race-signal";
import { ApiError } from "../../../kubernetes/api-error.ts";
import type { KubernetesClient } from "../../../kubernetes/client.ts";
import { fullJitter } from "../../../kubernetes/http/backoff.ts";
import { jobs, type Stored, secrets } from "../../../kubernetes/resource-types.ts";
import { isOwnedBy } from "../../claim/claim.ts";
import { type Bundle, bundleHolder, bundleSecret, hasContentOf, isHolder, type RunPlan } from "../../plan/plan.ts";
import { WEBHOOK_AWAY_MS, webhookAway } from "../../shared/api-advice.ts";
import { RunFault } from "../../shared/run-fault.ts";
import { CREATE_AGAIN_MS, failed, isRetryable, RETRY } from "../create.ts";
import { knownUntil, remember } from "./known-bundles.ts";
import { heldUntil, LAPSED_MS, type Need, needOf, ttlUntil } from "./lease.ts";
import { foreignHolder, otherContent, stillLeaving } from "./unusable-bundle.ts";

const CODE = "k8s_prompt_secret_create_failed";

interface Use {
  readonly client: KubernetesClient;
  readonly plan: RunPlan;
  readonly bundle: Bundle;
  readonly need: Need;
  /** When the run began to ask for it, milliseconds since 1970. */
  readonly began: number;
  readonly signal: AbortSignal;
}

/** A use that tries: what its calls wait behind other starts is not taken from its time. */
interface Trial extends Use {
  readonly onTurn: (waitedMs: number) => void;
}

/** Throws RunFault, or the signal's reason. @param only some of the plan's; default: all */
export async function provideBundles(
  client: KubernetesClient,
  plan: RunPlan,
  signal: AbortSignal,
  only: readonly Bundle[] = plan.bundles,
): Promise<void> {
  const began = client.clock.now();
  const need = needOf(plan, began);
  const distinct = new Map(only.map((bundle) => [bundle.name, bundle]));
  await Promise.all([...distinct.values()].map((bundle) => once({ client, plan, bundle, need, began, signal })));
}

/** Of this process, by cluster and name: runs that start together wait for one of them. */
const underWay = new WeakMap<object, Map<string, Promise<unknown>>>();

async function once(use: Use): Promise<void> {
  const { client, plan, bundle, need, signal } = use;
  const key = `${plan.namespace}/${bundle.name}`;
  const all = underWay.get(client.cluster) ?? new Map<string, Promise<unknown>>();
  underWay.set(client.cluster, all);
  for (;;) {
    signal.throwIfAborted();
    if (knownUntil(client.cluster, key) >= need.least) return;
    const other = all.get(key);
    if (other === undefined) break;
    // What it meets is its own run's to tell; this one then looks for itself.
    await raceSignal(other, signal);
  }
  const own = provide(use);
  all.set(
    key,
    own.catch(() => undefined).finally(() => all.delete(key)),
  );
  remember(client.cluster, key, await own);
}

/** Until when it is there, milliseconds since 1970. */
async function provide(use: Use): Promise<number> {
  const { client, plan, bundle, signal } = use;
  let { began } = use;
  const onTurn = (waitedMs: number): void => {
    began += waitedMs;
  };
  for (let attempt = 0; ; attempt++) {
    let problem: unknown = null;
    let waitMs = RETRY.retryForMs;
    try {
      const until = await tryToProvide({ ...use, onTurn });
      if (until !== null) return until;
    } catch (error) {
      if (error instanceof RunFault || signal.aborted) throw error;
      problem = error;
      // As long as the run's own Job is waited for, whose creation tells of it.
      if (webhookAway(error) !== null) waitMs = WEBHOOK_AWAY_MS;
      else if (!isPassing(error)) throw failed(client, CODE, doing(bundle), error);
    }
    const now = client.clock.now();
    if (now > began + waitMs)
      throw problem === null
        ? stillLeaving(bundle.name, plan.namespace, now)
        : failed(client, CODE, doing(bundle), problem);
    await client.clock.sleep(CREATE_AGAIN_MS + fullJitter(attempt, client.random), signal);
  }
}

const doing = ({ name }: Bundle): string => `Could not make Secret ${name} of files that runs share`;

/** Somebody was quicker, or the answer was lost, or the holder went at this moment. */
const isPassing = (error: unknown): boolean => isRetryable(error) || (error instanceof ApiError && error.notFound);

/** Null: something of an earlier one is on its way out. */
async function tryToProvide(trial: Trial): Promise<number | null> {
  const { client, plan, bundle, need, signal } = trial;
  const { namespace } = plan;
  const options = { ...RETRY, signal };
  const found = await client.find(jobs, namespace, bundle.name, options);
  const now = client.clock.now();
  if (found && !isHolder(found, plan.installation)) throw foreignHolder(bundle.name, namespace, now);
  if (found && (isLeaving(found) || heldUntil(found) < now + LAPSED_MS)) {
    await removeHolder(client, found, signal);
    return null;
  }
  const holder = found ?? (await createHolder(trial));
  // Behind a new holder there is none, but for what is on its way out or was orphaned: the create meets that, and it is looked at.
  const secret = found && (await client.find(secrets, namespace, bundle.name, options));
  if (secret && !hasContentOf(secret, bundle)) throw otherContent(bundle.name, namespace, now);
  if (secret && isLeaving(secret)) return null;
  // Somebody has removed its holder and left it: nothing takes it away.
  if (secret && !secret.metadata.ownerReferences?.length) return need.wanted;
  if (secret && !isOwnedBy(secret, holder)) return null;
  if (!secret) await createSecret(trial, holder);
  if (heldUntil(holder) >= need.least) return heldUntil(holder);
  const { uid, resourceVersion } = holder.metadata;
  const longer = {
    metadata: { uid, resourceVersion },
    spec: { ttlSecondsAfterFinished: ttlUntil(holder, need.wanted) },
  };
  const held = await client.patch(jobs, namespace, bundle.name, longer, options);
  return isLeaving(held) ? null : heldUntil(held);
}

const isLeaving = ({ metadata }: Stored<object>): boolean => metadata.deletionTimestamp !== undefined;

/** As it was seen: should another run have raised its TTL meanwhile, it stays. */
async function removeHolder(client: KubernetesClient, holder: Stored<Job>, signal: AbortSignal): Promise<void> {
  if (isLeaving(holder)) return;
  const { name, namespace = "", uid, resourceVersion } = holder.metadata;
  await client.delete(jobs, namespace, name, { uid, resourceVersion, ...RETRY, signal });
}

function createHolder({ client, plan, bundle, need, signal, onTurn }: Trial): Promise<Stored<Job>> {
  const ttlSec = Math.ceil((need.wanted - client.clock.now()) / 1000);
  const object = bundleHolder(bundle.name, plan, ttlSec);
  return client.create(jobs, plan.namespace, object, { ...RETRY, signal, onTurn });
}

async function createSecret({ client, plan, bundle, signal, onTurn }: Trial, holder: Stored<Job>): Promise<void> {
  const { metadata, ...secret } = bundleSecret(bundle, plan);
  const owner = { apiVersion: "batch/v1", kind: "Job", name: bundle.name, uid: holder.metadata.uid, controller: true };
  const object = { ...secret, metadata: { ...metadata, ownerReferences: [owner] } };
  await client.create(secrets, plan.namespace, object, { ...RETRY, signal, onTurn });
}
