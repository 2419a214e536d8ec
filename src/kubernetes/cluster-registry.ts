import type { ClientOptions } from "./call-options.ts";
import { KubernetesClient } from "./client.ts";
import { type Cluster, type ClusterOptions, openCluster } from "./cluster.ts";
import { News } from "./watch/news.ts";
import { Observer } from "./watch/observer.ts";

/** A share in what a process has of one cluster. */
export interface ClusterLease {
  readonly cluster: Cluster;
  readonly client: KubernetesClient;
  /** The one observer of this namespace (undefined: of all) and label selector, however many ask for it. */
  observer(namespace: string | undefined, labelSelector: string): Observer;
  /** One more share in the same, to be given back by itself. */
  again(): ClusterLease;
  /** Gives the share back; the last one closes the cluster's connections. May be called twice. */
  release(): Promise<void>;
}

export interface RegistryOptions extends ClientOptions {
  /** How a cluster is opened. @default openCluster */
  readonly open?: (options: ClusterOptions) => Promise<Cluster>;
  /** Called for missing rights and throwing listeners. @default nothing */
  readonly warn?: (message: string) => void;
}

interface Shared {
  readonly client: KubernetesClient;
  readonly observers: Map<string, Observer>;
  leases: number;
}

/** All runs of a process that use the same cluster as the same user share its connections and observers. */
export class ClusterRegistry {
  readonly #options: RegistryOptions;
  /** Of all observers: one that is made anew meets the rights that are missing again. */
  readonly #news = new News();
  readonly #shared = new Map<string, Shared>();

  constructor(options: RegistryOptions = {}) {
    this.#options = options;
  }

  /**
   * Reads the kubeconfig each time, so that a changed file is a new cluster for new runs while old ones finish on the
   * old. Throws KubeconfigError.
   */
  async acquire(options: ClusterOptions = {}): Promise<ClusterLease> {
    const opened = await (this.#options.open ?? openCluster)(options);
    const known = this.#shared.get(opened.id);
    if (known) {
      known.leases++;
      await opened.close();
      return this.#lease(opened.id, known);
    }
    const client = new KubernetesClient(opened, this.#options);
    const shared: Shared = { client, observers: new Map(), leases: 1 };
    this.#shared.set(opened.id, shared);
    return this.#lease(opened.id, shared);
  }

  #lease(id: string, shared: Shared): ClusterLease {
    const { client } = shared;
    let released = false;
    return {
      client,
      cluster: client.cluster,
      observer: (namespace, labelSelector) => this.#observer(shared, namespace, labelSelector),
      again: () => {
        if (released) throw new Error("the share was given back");
        shared.leases++;
        return this.#lease(id, shared);
      },
      release: async () => {
        if (released) return;
        released = true;
        if (--shared.leases > 0) return;
        this.#shared.delete(id);
        await client.cluster.close();
      },
    };
  }

  #observer({ client, observers }: Shared, namespace: string | undefined, labelSelector: string): Observer {
    const key = JSON.stringify([namespace ?? null, labelSelector]);
    const known = observers.get(key);
    if (known) return known;
    const { warn } = this.#options;
    const observer = new Observer(client, { namespace, labelSelector, news: this.#news, ...(warn && { warn }) });
    observers.set(key, observer);
    return observer;
  }
}
