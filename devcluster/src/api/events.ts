import { isPlain } from "../store/plain.ts";
import type { KubeObject } from "../types.ts";

/** core/v1 name → events.k8s.io/v1 name; both are views of one stored object. */
const RENAMED = {
  involvedObject: "regarding",
  message: "note",
  source: "deprecatedSource",
  firstTimestamp: "deprecatedFirstTimestamp",
  lastTimestamp: "deprecatedLastTimestamp",
  count: "deprecatedCount",
  reportingComponent: "reportingController",
} as const;

export function toEventsV1(event: KubeObject): KubeObject {
  return renamed(event, "events.k8s.io/v1", Object.entries(RENAMED));
}

export function fromEventsV1(event: KubeObject): KubeObject {
  if (!("note" in event) && !("regarding" in event) && event.apiVersion !== "events.k8s.io/v1") return event;
  return renamed(
    event,
    "v1",
    Object.entries(RENAMED).map(([core, later]) => [later, core]),
  );
}

function renamed(event: KubeObject, apiVersion: string, names: readonly (readonly [string, string])[]): KubeObject {
  const map = new Map(names);
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(event)) out[map.get(key) ?? key] = isPlain(value) ? { ...value } : value;
  return { ...(out as KubeObject), apiVersion };
}
