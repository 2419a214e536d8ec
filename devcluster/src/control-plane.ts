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
import type { PodRunner } from "./node/running-node.ts";
import { bootstrap } from "./store/bootstrap.ts";
import { type ApiStore, createStore } from "./store/store.ts";
import { measuredTimings, type Timings } from "./timings.ts";
import type { Clock, Executor, KubeObject, LogReader } from "./types.ts";

export interface ControlPlaneOptions {
  /** @default 0, any free one */
  readonly port?: number;
  readonly clock?: Clock;
  /** @default measuredTimings: as slow as the real thing */
  readonly timings?: Timings;
  /** How often a watch that asked for bookmarks gets one, in milliseconds. @default 60000, as measured */
  readonly bookmarkInterval?: number;
  /** Installs Kueue, for Jobs. @default null, none */
  readonly kueue?: KueueOptions | null;
}

/** What a node is started with. */
export interface NodeStart {
  readonly store: ApiStore;
  readonly clock: Clock;
  readonly timings: Timings;
  /** The API server's address, which pods are told. */
  readonly url: string;
  /** Is undone when the cluster stops, after the node. */
  readonly undo: AsyncDisposableStack;
}

export interface ControlPlane<Node extends PodRunner> {
  readonly url: string;
  /** YAML of the administrator. */
  readonly kubeconfig: string;
  /** YAML of a ServiceAccount, which may do what Roles and RoleBindings let it; the token lives a day. */
  kubeconfigOf(namespace: string, serviceAccount: string): string;
  readonly store: ApiStore;
  readonly node: Node;
  readonly faults: Faults;
  readonly requests: RequestLog;
  /** Null where it is not installed. */
  readonly kueue: Kueue | null;
  /** Resets every open connection, as a restart of the API server does. */
  cutConnections(): void;
  /** Ends everything: sockets, processes, folders. */
  stop(): Promise<void>;
}

/** The API server and the controllers, with whatever runs the pods: processes of this host, or nothing but their words. */
export async function startControlPlane<Node extends PodRunner>(
  options: ControlPlaneOptions,
  startNode: (start: NodeStart) => Promise<Node>,
): Promise<ControlPlane<Node>> {
  const { clock = Date.now, timings = measuredTimings, bookmarkInterval = 60_000 } = options;
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
  const node = await startNode({ store, clock, timings, url, undo });
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
