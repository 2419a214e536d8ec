import type { Event } from "kubernetes-types/core/v1";

/** The newest Event with one of these reasons about that kind of object; stamps are equal within a second, so order decides. */
export function newestEvent(events: readonly Event[], kind: "Job" | "Pod", reasons: ReadonlySet<string>): Event | null {
  let newest: Event | null = null;
  for (const event of events) {
    if (event.involvedObject?.kind !== kind || !reasons.has(event.reason ?? "")) continue;
    if (newest === null || stampOf(event) >= stampOf(newest)) newest = event;
  }
  return newest;
}

/** A Job's controller draws a new pod name for each attempt: without it one refusal reads the same each time. */
export function withoutDrawnName(message: string): string {
  return message.replace(/(Error creating: (?:pods|Pod) "[^"]+-)[a-z0-9]{5}"/, '$1…"');
}

function stampOf(event: Event): number {
  const stamp =
    event.lastTimestamp ?? event.series?.lastObservedTime ?? event.eventTime ?? event.metadata?.creationTimestamp;
  const time = Date.parse(stamp ?? "");
  return Number.isNaN(time) ? 0 : time;
}
