import { expect, test } from "vitest";
import { createEventRecorder } from "../../src/controllers/events.ts";
import { createStore } from "../../src/store/store.ts";

const NOW = Date.UTC(2026, 10, 22);
const REASONS = ["Scheduled", "Pulled", "Created", "Started", "Killing", "Failed", "Evicted", "BackOff"];

function startStore() {
  const store = createStore({ clock: () => NOW });
  store.create("namespaces", { metadata: { name: "default" } });
  const pod = store.create("configmaps", { metadata: { name: "thing", namespace: "default" } });
  return { store, pod };
}

test("Events of one moment are listed in the order in which they happened, whoever wrote them", () => {
  const { store, pod } = startStore();
  const recorders = ["scheduler", "kubelet", "controller"].map((name) => createEventRecorder(store, () => NOW, name));
  REASONS.forEach((reason, index) => {
    recorders[index % recorders.length]?.(pod, { type: "Normal", reason, message: reason });
  });
  const events = store.list("events", "default");
  expect(events.map(({ reason }) => reason)).toEqual(REASONS);
  expect(events[0]?.metadata.name).toBe(`thing.${(BigInt(NOW) * 1_000_000n).toString(16)}`);
});

test("the same text is counted up, and written anew when its Event has gone", () => {
  const { store, pod } = startStore();
  const record = createEventRecorder(store, () => NOW, "kubelet");
  const text = { type: "Warning", reason: "BackOff", message: "Back-off pulling image" } as const;
  for (let i = 0; i < 3; i++) record(pod, text);
  const [event, ...others] = store.list("events", "default");
  expect(event).toMatchObject({ reason: "BackOff", count: 3 });
  expect(others).toEqual([]);
  store.delete("events", "default", event?.metadata.name ?? "");
  record(pod, text);
  expect(store.list("events", "default")).toMatchObject([{ count: 1 }]);
});
