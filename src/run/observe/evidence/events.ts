import type { Event } from "kubernetes-types/core/v1";
import { withoutDrawnName } from "../waiting/events.ts";

/** One of the cluster's Events, as far as a verdict needs it. */
export interface ClusterEvent {
  readonly uid: string;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  /** `Job` or `Pod`. */
  readonly kind: string;
  /** Name of the object that it is about. */
  readonly object: string;
  readonly count: number;
  /** The component that wrote it, such as `kubelet`; null when it does not say. */
  readonly from: string | null;
  /** The cluster's stamp of its newest occurrence; null when it has none. */
  readonly last: string | null;
}

const MAX_EVENTS = 40;
const MAX_MESSAGE_CHARS = 1024;

/** Adds an Event, or renews it: the cluster counts repetitions in one object. Warnings outlive the rest. */
export function recordEvent(events: readonly ClusterEvent[], event: Event): readonly ClusterEvent[] {
  const next = readEvent(event);
  const others = events.filter((known) => known.uid !== next.uid && !isRepeated(known, next));
  const all = [...others, next];
  if (all.length <= MAX_EVENTS) return all;
  const normal = all.findIndex((known) => known.type !== "Warning");
  return all.toSpliced(normal === -1 ? 0 : normal, 1);
}

/** A new Event each time, because its message has a generated pod name. */
const isRepeated = (one: ClusterEvent, other: ClusterEvent): boolean =>
  one.reason === "FailedCreate" && one.reason === other.reason && one.message === other.message;

function readEvent(event: Event): ClusterEvent {
  const about = event.involvedObject;
  const reason = event.reason ?? "";
  const message = withoutDrawnName(event.message ?? "").slice(0, MAX_MESSAGE_CHARS);
  return {
    uid: event.metadata?.uid ?? `${about?.kind}/${about?.name}/${reason}/${message}`,
    type: event.type ?? "Normal",
    reason,
    message,
    kind: about?.kind ?? "",
    object: about?.name ?? "",
    count: event.count ?? event.series?.count ?? 1,
    from: event.reportingComponent || event.source?.component || null,
    last:
      event.lastTimestamp ??
      event.series?.lastObservedTime ??
      event.eventTime ??
      event.metadata?.creationTimestamp ??
      null,
  };
}
