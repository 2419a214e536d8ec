import { createHash } from "node:crypto";
import type { Clock, KubeObject, Store } from "../types.ts";
import { timestamp } from "./objects.ts";

export interface EventText {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
  /** `spec.containers{main}` for events of one container. */
  readonly fieldPath?: string;
}

/** Writes Events. The same text about the same object is counted up, not written twice. */
export type EventRecorder = (about: KubeObject, text: EventText) => void;

interface CoreEvent extends KubeObject {
  count?: number;
  lastTimestamp?: string;
}

/** Longer messages are cut, as the API server would refuse them. */
const MAX_MESSAGE = 1024;

export function createEventRecorder(store: Store, clock: Clock, component: string): EventRecorder {
  return (about, text) => {
    const { namespace, name, uid, resourceVersion } = about.metadata;
    const where = namespace ?? "default";
    const message = text.message.slice(0, MAX_MESSAGE);
    const identity = [component, uid, text.type, text.reason, message, text.fieldPath ?? ""].join("\0");
    const eventName = `${name}.${createHash("sha256").update(identity).digest("hex").slice(0, 16)}`;
    const now = timestamp(clock());
    const counted = store.mutate<CoreEvent>("events", where, eventName, (draft) => {
      draft.count = (draft.count ?? 1) + 1;
      draft.lastTimestamp = now;
    });
    if (counted !== undefined || !accepts(store, where)) return;
    store.create("events", {
      metadata: { name: eventName, namespace: where },
      involvedObject: {
        kind: about.kind,
        ...(namespace === undefined ? {} : { namespace }),
        name,
        uid,
        apiVersion: about.apiVersion,
        resourceVersion,
        ...(text.fieldPath === undefined ? {} : { fieldPath: text.fieldPath }),
      },
      reason: text.reason,
      message,
      source: { component },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
      type: text.type,
      eventTime: null,
      reportingComponent: component,
      reportingInstance: "",
    });
  };
}

/** A namespace that is going away takes no new objects; its last events are lost, as in a real cluster. */
function accepts(store: Store, namespace: string): boolean {
  const found = store.get("namespaces", "", namespace);
  return found === undefined || found.metadata.deletionTimestamp === undefined;
}
