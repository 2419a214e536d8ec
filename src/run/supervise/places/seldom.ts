/** What is listed seldom, since the watches of runs do not show it. Of this process. */
import type { ClusterLease } from "../../../kubernetes/cluster-registry.ts";
import type { Installation } from "../../../paperclip/installation.ts";

interface Where {
  readonly lease: Pick<ClusterLease, "client">;
  readonly namespace: string;
  readonly installation: Installation;
}

class Seldom {
  readonly #everyMs: number;
  /** When to look again, milliseconds since 1970. */
  readonly #next = new Map<string, number>();

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  isDue(where: Where): boolean {
    return (this.#next.get(keyOf(where)) ?? 0) <= where.lease.client.clock.now();
  }

  /** @param again it is due in the next round too */
  note(where: Where, again = false): void {
    this.#next.set(keyOf(where), again ? 0 : where.lease.client.clock.now() + this.#everyMs);
  }
}

const keyOf = ({ lease, namespace, installation }: Where): string =>
  JSON.stringify([lease.client.cluster.id, namespace, installation.label]);

/**
 * The Jobs of versions before 1.1, which do not say which Paperclip made them: in a process's first round, for as long as
 * there are any, and once an hour, since another server of this Paperclip may still be of such a version.
 */
export const earlierVersions = new Seldom(60 * 60_000);

/** What environment tests have left whose process was killed: it is in nobody's way, and the next test removes it too. */
export const probes = new Seldom(10 * 60_000);

/** Of files that runs share: sooner than a lease can end that was long enough when its Job was launched. */
export const leases = new Seldom(20 * 60_000);
