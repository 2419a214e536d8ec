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
  /** Text and object → name of the Event that tells of them. */
  const names = new Map<string, string>();
  return (about, text) => {
    const { namespace, name, uid, resourceVersion } = about.metadata;
    const where = namespace ?? "default";
    const message = text.message.slice(0, MAX_MESSAGE);
    const identity = [uid, text.type, text.reason, message, text.fieldPath ?? ""].join("\0");
    const known = names.get(identity);
    const now = timestamp(clock());
    const counted =
      known !== undefined &&
      store.mutate<CoreEvent>("events", where, known, (draft) => {
        draft.count = (draft.count ?? 1) + 1;
        draft.lastTimestamp = now;
      });
    if (counted || !accepts(store, where)) return;
    const eventName = `${name}.${nextMoment(store, clock).toString(16)}`;
    names.set(identity, eventName);
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

const lastMoments = new WeakMap<Store, bigint>();

/**
 * Nanoseconds since 1970, later than every moment before, as the names of real Events end in. Stamps have whole seconds,
 * and kubectl sorts by them alone: within a second it shows Events in the order of their names, as the API lists them.
 */
function nextMoment(store: Store, clock: Clock): bigint {
  const now = BigInt(Math.floor(clock())) * 1_000_000n;
  const after = (lastMoments.get(store) ?? 0n) + 1n;
  const moment = now > after ? now : after;
  lastMoments.set(store, moment);
  return moment;
}

/** A namespace that is going away takes no new objects; its last events are lost, as in a real cluster. */
function accepts(store: Store, namespace: string): boolean {
  const found = store.get("namespaces", "", namespace);
  return found === undefined || found.metadata.deletionTimestamp === undefined;
}
