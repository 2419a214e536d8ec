import type { KubeObject } from "../types.ts";
import { toEventsV1 } from "./events.ts";
import { EVENTS_V1, type ResourceDefinition } from "./resources.ts";

/** The object in the version that was asked for: only events are served in two. */
export function presented(definition: ResourceDefinition, object: KubeObject): KubeObject {
  return definition.group === EVENTS_V1.group && definition.name === EVENTS_V1.name ? toEventsV1(object) : object;
}
