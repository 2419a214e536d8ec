import { createAccess } from "./api/access.ts";
import { createCertificate } from "./api/certificate.ts";
import { createFaults, type Faults } from "./api/faults.ts";
import { kubeconfigFor } from "./api/kubeconfig.ts";
import { createRequestLog, type RequestLog } from "./api/request-log.ts";
import { startApiServer } from "./api/server.ts";
import { bootstrap } from "./store/bootstrap.ts";
import { type ApiStore, createStore } from "./store/store.ts";
import type { Clock } from "./types.ts";

export interface DevclusterOptions {
  /** @default 0, any free one */
  readonly port?: number;
  readonly clock?: Clock;
  /** How often a watch that asked for bookmarks gets one, in milliseconds. @default 60000, as measured */
  readonly bookmarkInterval?: number;
}

export interface Devcluster {
  readonly url: string;
  /** YAML of the administrator. */
  readonly kubeconfig: string;
  /** YAML of a ServiceAccount, which may do what Roles and RoleBindings let it. */
  kubeconfigOf(namespace: string, serviceAccount: string): string;
  readonly store: ApiStore;
  readonly faults: Faults;
  readonly requests: RequestLog;
  /** Resets every open connection, as a restart of the API server does. */
  cutConnections(): void;
  /** Ends everything: sockets, processes, folders. */
  stop(): Promise<void>;
}

/** A Kubernetes API in this process, on 127.0.0.1. For development and tests: nothing isolates its containers. */
export async function startDevcluster(options: DevclusterOptions = {}): Promise<Devcluster> {
  const clock = options.clock ?? Date.now;
  const store = createStore({ clock });
  const access = createAccess(store, clock);
  const certificate = await createCertificate();
  const faults = createFaults();
  const requests = createRequestLog();
  bootstrap(store, { ca: certificate.cert });
  const server = await startApiServer({
    context: { store, access, bookmarkInterval: options.bookmarkInterval ?? 60_000 },
    faults,
    requests,
    certificate,
    ...(options.port === undefined ? {} : { port: options.port }),
  });
  const { url } = server;
  const kubeconfig = (token: string, namespace?: string): string =>
    kubeconfigFor({ url, ca: certificate.cert, token, ...(namespace === undefined ? {} : { namespace }) });
  return {
    url,
    kubeconfig: kubeconfig(access.adminToken),
    kubeconfigOf: (namespace, name) => kubeconfig(access.issueToken(namespace, name, 86_400).token, namespace),
    store,
    faults,
    requests,
    cutConnections: server.cutConnections,
    stop: () => server.close(),
  };
}
