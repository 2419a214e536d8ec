/**
 * When to look for the Jobs of versions before 1.1, which do not say which Paperclip made them: in a process's first round,
 * for as long as there are any, and once an hour, since another server of this Paperclip may still be of such a version.
 */
import type { ClusterLease } from "../../../kubernetes/cluster-registry.ts";
import type { Installation } from "../../../paperclip/installation.ts";

interface Where {
  readonly lease: Pick<ClusterLease, "client">;
  readonly namespace: string;
  readonly installation: Installation;
}

const EVERY_MS = 60 * 60_000;

/** When to look again, milliseconds since 1970. */
const nextLook = new Map<string, number>();

export const isEarlierDue = (where: Where): boolean =>
  (nextLook.get(keyOf(where)) ?? 0) <= where.lease.client.clock.now();

/** @param found how many there were */
export function noteEarlier(where: Where, found: number): void {
  nextLook.set(keyOf(where), found > 0 ? 0 : where.lease.client.clock.now() + EVERY_MS);
}

const keyOf = ({ lease, namespace, installation }: Where): string =>
  JSON.stringify([lease.client.cluster.id, namespace, installation.label]);
