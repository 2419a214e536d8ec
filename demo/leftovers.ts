import { setTimeout as sleep } from "node:timers/promises";
import { ApiError } from "../src/kubernetes/api-error.ts";
import type { KubernetesClient } from "../src/kubernetes/client.ts";
import { jobs, pods, secrets } from "../src/kubernetes/resource-types.ts";
import type { LeftBehindEvent } from "./demo-event.ts";

/** Milliseconds that the cluster gets to delete a run's objects; a pod may take its grace period. */
const PATIENCE_MS = 30_000;
const LOOK_EVERY_MS = 100;

/** A run's objects: all have the Job's name, or a label. */
export interface RunObjects {
  readonly namespace: string;
  readonly jobName: string;
  readonly labelSelector: string;
  /** Of the Jobs that hold Secrets which the demo's runs share. */
  readonly sharedSelector: string;
}

interface Leftovers {
  /** Such as `pod/NAME`. */
  readonly found: readonly string[];
  /** Kinds that this user has no right to look at. */
  readonly unknown: readonly string[];
}

/** The adapter has cleaned up already; what it left in spite of that is deleted here, and what it keeps for the next run. */
export async function leaveNothing(client: KubernetesClient, run: RunObjects): Promise<LeftBehindEvent> {
  const { namespace, jobName, sharedSelector: labelSelector } = run;
  await unlessForbidden(async () => {
    if (await client.find(jobs, namespace, jobName)) await client.delete(jobs, namespace, jobName);
  });
  const shared = await unlessForbidden(async () => {
    const names = (await client.list(jobs, namespace, { labelSelector })).items.map(({ metadata }) => metadata.name);
    for (const name of names) await client.delete(jobs, namespace, name);
    return names;
  });
  return leftBehind(await waitForNone(client, run, shared === FORBIDDEN ? [] : shared));
}

export function leftBehind({ found, unknown }: Leftovers): LeftBehindEvent {
  const clear = ["Job", "pod", "Secret"].filter((kind) => !unknown.includes(kind)).map((kind) => `no ${kind}`);
  const missing = `this user has no right to look for ${unknown.map((kind) => `a ${kind}`).join(", ")}`;
  const seen = found.length > 0 ? `still there after 30 s: ${found.join(", ")}` : `nothing: ${clear.join(", ")}`;
  const text =
    unknown.length === 0 ? seen : clear.length === 0 ? `could not be checked: ${missing}` : `${seen}; ${missing}`;
  return { event: "left-behind", objects: found, checked: unknown.length === 0, text };
}

/** Waits until nothing of the run is left, or patience ends. */
async function waitForNone(client: KubernetesClient, run: RunObjects, shared: readonly string[]): Promise<Leftovers> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const left = await whatIsLeft(client, run, shared);
    if (left.found.length === 0 || performance.now() > end) return left;
    await sleep(LOOK_EVERY_MS);
  }
}

/** A Secret has the name of its Job, shared ones too: rights to list Secrets are not needed. */
async function whatIsLeft(
  client: KubernetesClient,
  { namespace, jobName, labelSelector }: RunObjects,
  shared: readonly string[],
): Promise<Leftovers> {
  const names = [jobName, ...shared];
  const [ofJobs, ofSecrets, podList] = await Promise.all([
    Promise.all(names.map((name) => unlessForbidden(() => client.find(jobs, namespace, name)))),
    Promise.all(names.map((name) => unlessForbidden(() => client.find(secrets, namespace, name)))),
    unlessForbidden(() => client.list(pods, namespace, { labelSelector })),
  ]);
  const present = (kind: string, all: readonly unknown[]): string[] =>
    names.filter((_, index) => all[index] && all[index] !== FORBIDDEN).map((name) => `${kind}/${name}`);
  return {
    found: [
      ...present("job", ofJobs),
      ...(podList === FORBIDDEN ? [] : podList.items.map((pod) => `pod/${pod.metadata.name}`)),
      ...present("secret", ofSecrets),
    ],
    unknown: [
      ...(ofJobs.includes(FORBIDDEN) ? ["Job"] : []),
      ...(podList === FORBIDDEN ? ["pod"] : []),
      ...(ofSecrets.includes(FORBIDDEN) ? ["Secret"] : []),
    ],
  };
}

const FORBIDDEN = Symbol("403");

async function unlessForbidden<T>(ask: () => Promise<T>): Promise<T | typeof FORBIDDEN> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return FORBIDDEN;
    throw error;
  }
}
