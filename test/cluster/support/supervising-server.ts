/** The supervisor of one of Paperclip's servers, which looks when a test says so, and what it asks of the cluster. */
import type { Job } from "kubernetes-types/batch/v1";
import type { Clock } from "../../../src/kubernetes/clock.ts";
import { ClusterRegistry } from "../../../src/kubernetes/cluster-registry.ts";
import type { Stored } from "../../../src/kubernetes/resource-types.ts";
import { Installation, labelOf } from "../../../src/paperclip/installation.ts";
import { madeBy, RUNS } from "../../../src/run/shared/names.ts";
import { Rounds } from "../../../src/run/supervise/places/rounds.ts";
import { HeldWatches, superviseOnce } from "../../../src/run/supervise/supervise.ts";
import { TOKEN_SECRET } from "../../support/run-token.ts";
import { SERVER_ENV } from "./context.ts";
import type { Place } from "./place.ts";

export interface SupervisingServer {
  readonly clusters: ClusterRegistry;
  /** Requests to the cluster so far, as `verb resource`; of a watch its opening. */
  readonly asked: readonly string[];
  /** One look; resolves with what it asked the cluster for meanwhile. */
  look(): Promise<readonly string[]>;
  /** The Jobs that the watches of its runs show; null: they are not up. */
  sees(): Promise<readonly Stored<Job>[] | null>;
  /** Whether watches are kept up, or lists in their place. */
  holds(): Promise<boolean>;
  stop(): void;
}

export function startSupervisingServer(place: Place, clock: Clock): SupervisingServer {
  const asked: string[] = [];
  const traffic = {
    answered: ({ verb, resource }: { verb: string; resource: string }) => void asked.push(`${verb} ${resource}`),
    retried: () => undefined,
    watchEnded: () => undefined,
    relisted: () => undefined,
  };
  const clusters = new ClusterRegistry({ clock, traffic });
  const stop = new AbortController();
  const watches = new HeldWatches(stop.signal);
  const rounds = new Rounds(clock);
  const { kubeconfig, namespace, paperclip } = place;
  const { label } = new Installation(labelOf("default", null), "default", TOKEN_SECRET);
  return {
    clusters,
    asked,
    look: async () => {
      const before = asked.length;
      await superviseOnce({
        dependencies: { env: SERVER_ENV, clusters, paperclipUrl: () => paperclip.url },
        places: [{ cluster: { kubeconfig }, namespace }],
        tell: () => undefined,
        rounds,
        watches,
        signal: stop.signal,
      });
      return asked.slice(before);
    },
    sees: async () => {
      const lease = await clusters.acquire({ kubeconfig });
      const { seen } = lease.observer(namespace, madeBy(RUNS, label));
      await lease.release();
      return seen && [...seen.jobs()];
    },
    holds: async () => {
      const lease = await clusters.acquire({ kubeconfig });
      const { health } = lease.observer(namespace, madeBy(RUNS, label));
      await lease.release();
      return health !== undefined;
    },
    stop: () => stop.abort(new Error("the server is stopped")),
  };
}
