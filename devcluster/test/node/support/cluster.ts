import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startControllers } from "../../../src/controllers/start.ts";
import { type NodeOptions, startNode } from "../../../src/node/node.ts";
import type { RunningNode } from "../../../src/node/running-node.ts";
import { bootstrap } from "../../../src/store/bootstrap.ts";
import { type ApiStore, createStore } from "../../../src/store/store.ts";
import { fastTimings, type Timings } from "../../../src/timings.ts";
import type { KubeObject, LogOptions, Store, StoreEvent } from "../../../src/types.ts";

export interface TestCluster extends AsyncDisposable {
  readonly store: ApiStore;
  readonly node: RunningNode;
  readonly directory: string;
  /** Everything that was written so far. */
  readonly events: readonly StoreEvent[];
  /** Resolves with the first event, past or future, that fits. */
  until(fits: (event: StoreEvent) => boolean): Promise<StoreEvent>;
  createJob(name: string, pod: object, job?: object): KubeObject;
  createPod(name: string, spec: object): KubeObject;
  /** Resolves when the container has written something to its log. */
  untilItSpeaks(pod: string): Promise<void>;
  /** What `pods/log` answers. */
  log(pod: string, options?: Partial<LogOptions> & { container?: string; signal?: AbortSignal }): Promise<string>;
}

export const NAMESPACE = "facts";

/** A store with its controllers and one node, without the API server. */
export async function startCluster(
  options: { timings?: Timings } & Partial<Omit<NodeOptions, "timings">> = {},
): Promise<TestCluster> {
  const { timings = fastTimings } = options;
  const store = createStore();
  const stopBootstrap = bootstrap(store, { ca: "" });
  store.create("namespaces", { metadata: { name: NAMESPACE } });
  const events: StoreEvent[] = [];
  const unsubscribe = store.subscribe((event) => events.push(event));
  const controllers = startControllers(store, { timings });
  const directory = mkdtempSync(join(tmpdir(), "devcluster-"));
  const node = await startNode(store, { directory, images: { "busybox:1.36": {} }, ...options, timings });
  return {
    store,
    node,
    directory,
    events,
    until: (fits) => until(store, events, fits),
    createJob: (name, pod, job = {}) => store.create("jobs", jobManifest(name, pod, job)),
    createPod: (name, spec) =>
      store.create("pods", { metadata: { name, namespace: NAMESPACE }, spec: { restartPolicy: "Never", ...spec } }),
    async untilItSpeaks(name) {
      const pod = store.get("pods", NAMESPACE, name);
      if (pod === undefined) throw new Error(`no pod ${name}`);
      const query = { follow: true, timestamps: false, previous: false };
      for await (const _ of await node.logs.open(pod, "main", query, new AbortController().signal)) return;
    },
    async log(name, { container = "main", signal = new AbortController().signal, ...query } = {}) {
      const pod = store.get("pods", NAMESPACE, name);
      if (pod === undefined) throw new Error(`no pod ${name}`);
      const options = { follow: false, timestamps: false, previous: false, ...query };
      const parts: Uint8Array[] = [];
      for await (const part of await node.logs.open(pod, container, options, signal)) parts.push(part);
      return Buffer.concat(parts).toString();
    },
    async [Symbol.asyncDispose]() {
      unsubscribe();
      stopBootstrap();
      controllers.stop();
      await node.stop();
    },
  };
}

function jobManifest(name: string, pod: object, job: object): object {
  return {
    metadata: { name, namespace: NAMESPACE },
    spec: {
      backoffLimit: 0,
      completions: 1,
      parallelism: 1,
      ...job,
      template: { spec: { restartPolicy: "Never", terminationGracePeriodSeconds: 5, ...pod } },
    },
  };
}

function until(store: Store, past: readonly StoreEvent[], fits: (event: StoreEvent) => boolean): Promise<StoreEvent> {
  const found = past.find(fits);
  if (found !== undefined) return Promise.resolve(found);
  return new Promise((resolve) => {
    const unsubscribe = store.subscribe((event) => {
      if (!fits(event)) return;
      unsubscribe();
      resolve(event);
    });
  });
}

/** One container named main that runs a line of sh. */
export function sh(script: string, more: object = {}): { containers: object[] } {
  return { containers: [{ name: "main", image: "busybox:1.36", command: ["sh", "-c", script], ...more }] };
}

interface Conditional {
  conditions?: { type: string; status: string }[];
}

export function hasCondition(object: KubeObject, type: string): boolean {
  const { conditions } = (object.status ?? {}) as Conditional;
  return conditions?.some((condition) => condition.type === type && condition.status === "True") ?? false;
}

export const jobEnded = ({ resource, object }: StoreEvent): boolean =>
  resource === "jobs" && (hasCondition(object, "Complete") || hasCondition(object, "Failed"));

export const podPhase =
  (phase: string) =>
  ({ resource, object }: StoreEvent): boolean =>
    resource === "pods" && (object.status as { phase?: string } | undefined)?.phase === phase;

export const podGone = ({ type, resource }: StoreEvent): boolean => resource === "pods" && type === "DELETED";
export const jobGone = ({ type, resource }: StoreEvent): boolean => resource === "jobs" && type === "DELETED";

/** The Job knows that its pod runs. */
export const jobReady = ({ resource, object }: StoreEvent): boolean =>
  resource === "jobs" && (object.status as { ready?: number } | undefined)?.ready === 1;

export const kubeEvent =
  (reason: string, count = 1) =>
  ({ resource, object }: StoreEvent): boolean =>
    resource === "events" && object.reason === reason && object.count === count;
