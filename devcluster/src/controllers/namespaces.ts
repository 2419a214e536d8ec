import type { Timings } from "../timings.ts";
import type { KubeObject, ResourceName, Store } from "../types.ts";
import { OWNABLE } from "./objects.ts";
import { createQueue } from "./queue.ts";

/** In the order of their deletion: owners first, so that nothing is created again. */
const CONTENTS: readonly ResourceName[] = [...OWNABLE, "resourcequotas", "limitranges", "events"];

interface Namespace extends KubeObject {
  spec?: { finalizers?: string[] };
}

/** Empties a namespace that is being deleted, then removes its finalizer. */
export function startNamespaces(store: Store, options: { timings: Timings }): () => void {
  const queue = createQueue((name) => {
    const namespace = store.get<Namespace>("namespaces", "", name);
    if (namespace?.metadata.deletionTimestamp === undefined) return;
    const left = CONTENTS.flatMap((resource) => store.list(resource, name).map((object) => ({ resource, object })));
    for (const { resource, object } of left) {
      if (object.metadata.deletionTimestamp !== undefined) continue;
      store.delete(resource, name, object.metadata.name, { propagationPolicy: "Background" });
    }
    if (CONTENTS.some((resource) => store.list(resource, name).length > 0)) {
      return queue.add(name, options.timings.jobSync);
    }
    store.mutate<Namespace>("namespaces", "", name, (draft) => {
      draft.spec = { ...draft.spec, finalizers: [] };
    });
  });
  const unsubscribe = store.subscribe(({ type, resource, object }) => {
    if (resource !== "namespaces" || type === "DELETED") return;
    if (object.metadata.deletionTimestamp !== undefined) queue.add(object.metadata.name);
  });
  return () => {
    unsubscribe();
    queue.stop();
  };
}
