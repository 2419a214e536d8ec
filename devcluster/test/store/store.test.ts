import { describe, expect, it } from "vitest";
import { NO_RULES } from "../../src/store/rules.ts";
import { createStore } from "../../src/store/store.ts";
import type { KubeObject, StoreEvent } from "../../src/types.ts";

const NOW = Date.parse("2026-11-22T07:21:40.900Z");

function setUp() {
  const store = createStore({ clock: () => NOW, rules: NO_RULES });
  const events: StoreEvent[] = [];
  store.subscribe((event) => events.push(event));
  return { store, events };
}

function pod(name: string, more: Record<string, unknown> = {}): object {
  return { metadata: { name, namespace: "ns" }, spec: { nodeName: "node", terminationGracePeriodSeconds: 5 }, ...more };
}

describe("the store", () => {
  it("stamps what it creates and publishes it", () => {
    const { store, events } = setUp();
    const created = store.create("pods", pod("a"));
    expect(created.metadata).toMatchObject({ name: "a", namespace: "ns", creationTimestamp: "2026-11-22T07:21:40Z" });
    expect(created.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(created.metadata.resourceVersion).toBe(store.resourceVersion);
    expect(events).toEqual([{ type: "ADDED", resource: "pods", object: created }]);
    expect(() => store.create("pods", pod("a"))).toThrow('pods "a" already exists');
  });

  it("says nothing of a change that changed nothing", () => {
    const { store, events } = setUp();
    store.create("pods", pod("a"));
    const before = store.resourceVersion;
    store.mutate("pods", "ns", "a", (draft) => {
      draft.metadata.labels = undefined as never;
    });
    expect(store.resourceVersion).toBe(before);
    expect(events).toHaveLength(1);
  });

  it("hands out snapshots that cannot be changed", () => {
    const { store } = setUp();
    const created = store.create("pods", pod("a"));
    expect(() => {
      (created.metadata as { name: string }).name = "b";
    }).toThrow(TypeError);
  });

  it("tells writes made by a listener after the write being told", () => {
    const store = createStore({ rules: NO_RULES });
    const seen: string[] = [];
    store.subscribe(({ type, object }) => {
      if (type === "ADDED" && object.metadata.name === "a") store.create("pods", pod("b"));
    });
    store.subscribe(({ object }) => seen.push(object.metadata.name));
    store.create("pods", pod("a"));
    expect(seen).toEqual(["a", "b"]);
  });
});

describe("deleting", () => {
  const summary = ({ type, object: { metadata } }: StoreEvent) => ({
    type,
    del: metadata.deletionTimestamp,
    grace: metadata.deletionGracePeriodSeconds,
    fin: metadata.finalizers,
  });

  it("gives a running pod its grace, then two events when the node is done", () => {
    const { store, events } = setUp();
    store.create("pods", pod("a", { status: { phase: "Running" } }));
    store.delete("pods", "ns", "a");
    store.delete("pods", "ns", "a", { gracePeriodSeconds: 0 });
    expect(events.slice(1).map(summary)).toEqual([
      { type: "MODIFIED", del: "2026-11-22T07:21:45Z", grace: 5, fin: undefined },
      { type: "MODIFIED", del: "2026-11-22T07:21:40Z", grace: 0, fin: undefined },
      { type: "DELETED", del: "2026-11-22T07:21:40Z", grace: 0, fin: undefined },
    ]);
    expect(store.get("pods", "ns", "a")).toBeUndefined();
  });

  it("keeps a force-deleted pod until its finalizer goes, and shows the last state before that", () => {
    const { store, events } = setUp();
    store.create("pods", pod("a", { metadata: { name: "a", namespace: "ns", finalizers: ["batch.kubernetes.io/x"] } }));
    store.delete("pods", "ns", "a", { gracePeriodSeconds: 0 });
    store.mutate("pods", "ns", "a", (draft) => {
      draft.metadata.finalizers = [];
    });
    expect(events.slice(1).map(summary)).toEqual([
      { type: "MODIFIED", del: "2026-11-22T07:21:40Z", grace: 0, fin: ["batch.kubernetes.io/x"] },
      { type: "DELETED", del: "2026-11-22T07:21:40Z", grace: 0, fin: ["batch.kubernetes.io/x"] },
    ]);
  });

  it("removes at once what never reached a node or has ended", () => {
    const { store, events } = setUp();
    store.create("pods", pod("pending", { spec: {} }));
    store.create("pods", pod("ended", { status: { phase: "Failed" } }));
    store.delete("pods", "ns", "pending");
    store.delete("pods", "ns", "ended");
    expect(events.slice(2).map(({ type }) => type)).toEqual(["DELETED", "DELETED"]);
  });

  it("orphans a Job's pods unless told otherwise", () => {
    const { store } = setUp();
    for (const name of ["plain", "background", "foreground"]) {
      store.create("jobs", { metadata: { name, namespace: "ns" } });
    }
    expect(store.delete("jobs", "ns", "plain")?.metadata.finalizers).toEqual(["orphan"]);
    expect(store.get("jobs", "ns", "plain")?.metadata.deletionTimestamp).toBe("2026-11-22T07:21:40Z");
    store.delete("jobs", "ns", "background", { propagationPolicy: "Background" });
    expect(store.get("jobs", "ns", "background")).toBeUndefined();
    const foreground = store.delete("jobs", "ns", "foreground", { propagationPolicy: "Foreground" });
    expect(foreground?.metadata.finalizers).toEqual(["foregroundDeletion"]);
  });

  it("refuses when a precondition does not hold", () => {
    const { store } = setUp();
    const { metadata } = store.create<KubeObject>("jobs", { metadata: { name: "a", namespace: "ns" } });
    expect(() => store.delete("jobs", "ns", "a", { preconditions: { uid: "other" } })).toThrow(
      `Operation cannot be fulfilled on jobs.batch "a": Precondition failed: UID in precondition: other, UID in object meta: ${metadata.uid}`,
    );
  });
});

describe("the watch window", () => {
  it("resumes from any revision it still holds, and says when it does not", () => {
    const { store } = setUp();
    store.create("pods", pod("a"));
    const revision = Number(store.resourceVersion);
    store.create("pods", pod("b"));
    const since = store.historySince(revision);
    expect(since === "expired" ? since : since.map(({ event }) => event.object.metadata.name)).toEqual(["b"]);
    expect(store.historySince(1)).toBe("expired");
    store.compact();
    expect(store.historySince(revision)).toBe("expired");
  });
});
