import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAccess } from "./api/access.ts";
import { createPastWebhooks } from "./api/admission/webhooks/create.ts";
import { createCertificate } from "./api/certificate.ts";
import { createFaults, type Faults } from "./api/faults.ts";
import { kubeconfigFor } from "./api/kubeconfig.ts";
import { createRequestLog, type RequestLog } from "./api/request-log.ts";
import { startApiServer } from "./api/server.ts";
import type { Pod } from "./controllers/objects.ts";
import { startControllers } from "./controllers/start.ts";
import { type Kueue, type KueueOptions, startKueue } from "./kueue/kueue.ts";
import { startNode } from "./node/node.ts";
import type { RunningNode } from "./node/running-node.ts";
import { bootstrap } from "./store/bootstrap.ts";
import { type ApiStore, createStore } from "./store/store.ts";
import { measuredTimings, type Timings } from "./timings.ts";
import type { Clock, Executor, KubeObject, LocalImage, LogReader } from "./types.ts";
import { startWatchdog } from "./watchdog.ts";

export type { Fault, FaultAction, FaultMatch, FaultRule, Faults } from "./api/faults.ts";
export type { RequestLog, RequestRecord } from "./api/request-log.ts";
export type { Kueue, KueueOptions } from "./kueue/kueue.ts";
export type { PodName, RunningNode } from "./node/running-node.ts";
export type { ApiStore } from "./store/store.ts";
export { fastTimings, measuredTimings, type Timings } from "./timings.ts";
export type { KubeObject, LocalImage } from "./types.ts";

export interface DevclusterOptions {
  /** What the node can run, by image name. */
  readonly images: Readonly<Record<string, LocalImage>>;
  /** @default 0, any free one */
  readonly port?: number;
  /** Where pods have their files. @default a new folder under the system's temporary one, removed at the end */
  readonly directory?: string;
  readonly clock?: Clock;
  /** @default measuredTimings: as slow as the real thing */
  readonly timings?: Timings;
  /** How often a watch that asked for bookmarks gets one, in milliseconds. @default 60000, as measured */
  readonly bookmarkInterval?: number;
  /** Installs Kueue, for Jobs. @default null, none */
  readonly kueue?: KueueOptions | null;
}

export interface Devcluster {
  readonly url: string;
  /** YAML of the administrator. */
  readonly kubeconfig: string;
  /** YAML of a ServiceAccount, which may do what Roles and RoleBindings let it; the token lives a day. */
  kubeconfigOf(namespace: string, serviceAccount: string): string;
  readonly store: ApiStore;
  readonly node: RunningNode;
  readonly faults: Faults;
  readonly requests: RequestLog;
  /** Null where it is not installed. */
  readonly kueue: Kueue | null;
  /** Resets every open connection, as a restart of the API server does. */
  cutConnections(): void;
  /** Ends everything: sockets, processes, folders. */
  stop(): Promise<void>;
}

/** A Kubernetes API in this process, on 127.0.0.1. For development and tests: nothing isolates its containers. */
export async function startDevcluster(options: DevclusterOptions): Promise<Devcluster> {
  const { clock = Date.now, timings = measuredTimings, images, bookmarkInterval = 60_000 } = options;
  // Whatever was begun is undone in reverse, also when a later step fails.
  await using undo = new AsyncDisposableStack();
  const store = createStore({ clock });
  const access = createAccess(store, clock);
  const certificate = await createCertificate();
  const ca = certificate.cert;
  const faults = createFaults();
  const requests = createRequestLog();
  undo.defer(bootstrap(store, { ca }));
  // The node comes after the server, whose address its pods are told.
  const logs: LogReader = { open: (...request) => node.logs.open(...request) };
  const executor: Executor = { exec: (...request) => node.executor.exec(...request) };
  const kueue = options.kueue ? startKueue(store, options.kueue, timings.jobSync < measuredTimings.jobSync) : null;
  undo.defer(() => kueue?.stop());
  const server = await startApiServer({
    context: { store, access, logs, executor, bookmarkInterval, ...(kueue ? { extension: kueue.extension } : {}) },
    faults,
    requests,
    certificate,
    ...(options.port === undefined ? {} : { port: options.port }),
  });
  undo.defer(() => server.close());
  const { url } = server;
  const { hostname, port } = new URL(url);
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), "devcluster-")));
  const own = options.directory === undefined ? directory : undefined;
  if (own !== undefined) undo.defer(() => rm(own, { recursive: true, force: true }));
  const watchdog = undo.adopt(await startWatchdog(own), (value) => value.stop());
  const node = await startNode(store, {
    directory,
    images,
    clock,
    timings,
    environment: { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port, ...watchdog.environment },
  });
  undo.defer(() => node.stop());
  const username = "system:serviceaccount:kube-system:job-controller";
  const controllers = startControllers(store, {
    clock,
    timings,
    createPod: (pod) => createPastWebhooks(store, "pods", pod as KubeObject, { username }) as Pod | Promise<Pod>,
  });
  undo.defer(() => controllers.stop());
  const running = undo.move();
  return {
    url,
    kubeconfig: kubeconfigFor({ url, ca, token: access.adminToken }),
    kubeconfigOf: (namespace, name) =>
      kubeconfigFor({ url, ca, token: access.issueToken(namespace, name, 86_400).token, namespace }),
    store,
    node,
    faults,
    requests,
    kueue,
    cutConnections: server.cutConnections,
    stop: () => running.disposeAsync(),
  };
}
