import type { Timings } from "../timings.ts";
import type { KubeObject, ResourceName, Store, StoreEvent } from "../types.ts";
import { OWNABLE } from "./objects.ts";
import { createQueue, type WorkQueue } from "./queue.ts";

const RESOURCES: readonly ResourceName[] = [...OWNABLE, "nodes"];

interface Address {
  readonly resource: ResourceName;
  readonly namespace: string;
  readonly name: string;
}

/**
 * Follows ownerReferences. An object whose owners are all gone is deleted; an owner that waits for its dependents
 * (`foregroundDeletion`) goes when they are gone, one that orphans them (`orphan`) when they no longer name it.
 */
export class GarbageCollector {
  readonly #store: Store;
  readonly #delay: number;
  readonly #addresses = new Map<string, Address>();
  /** Owner uid → uids of its dependents. */
  readonly #dependents = new Map<string, Set<string>>();
  /** Keys are uids: of owners being deleted and of dependents whose owner may be gone. */
  readonly #queue: WorkQueue = createQueue((uid) => this.#look(uid));
  readonly #unsubscribe: () => void;

  constructor(store: Store, options: { timings: Timings }) {
    this.#store = store;
    this.#delay = options.timings.garbageCollector;
    for (const resource of RESOURCES) {
      for (const object of store.list(resource)) this.#hear({ type: "ADDED", resource, object });
    }
    this.#unsubscribe = store.subscribe((event) => this.#hear(event));
  }

  stop(): void {
    this.#unsubscribe();
    this.#queue.stop();
  }

  #hear({ type, resource, object }: StoreEvent): void {
    if (!RESOURCES.includes(resource)) return;
    const { uid, namespace = "", name, ownerReferences = [] } = object.metadata;
    for (const owner of ownerReferences) this.#note(owner.uid, uid, type === "DELETED");
    if (type === "DELETED") {
      this.#addresses.delete(uid);
      for (const owner of ownerReferences) this.#queue.add(owner.uid, this.#delay);
      for (const dependent of this.#dependents.get(uid) ?? []) this.#queue.add(dependent, this.#delay);
      return;
    }
    this.#addresses.set(uid, { resource, namespace, name });
    const dangling = ownerReferences.some((owner) => !this.#addresses.has(owner.uid));
    if (dangling || isWaiting(object)) this.#queue.add(uid, this.#delay);
  }

  #note(owner: string, dependent: string, gone: boolean): void {
    const known = this.#dependents.get(owner) ?? new Set();
    if (gone) known.delete(dependent);
    else known.add(dependent);
    if (known.size === 0) this.#dependents.delete(owner);
    else this.#dependents.set(owner, known);
  }

  #look(uid: string): void {
    const object = this.#find(uid);
    if (object === undefined) return;
    if (isWaiting(object)) {
      this.#lookAtOwner(object);
      return;
    }
    const owners = object.metadata.ownerReferences ?? [];
    if (owners.length === 0 || object.metadata.deletionTimestamp !== undefined) return;
    const living = owners.filter((owner) => this.#find(owner.uid) !== undefined);
    if (living.length === 0) this.#delete(object);
  }

  #lookAtOwner(owner: KubeObject): void {
    const dependents = [...(this.#dependents.get(owner.metadata.uid) ?? [])]
      .map((uid) => this.#find(uid))
      .filter((object) => object !== undefined)
      .filter((object) => object.metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid));
    if (owner.metadata.finalizers?.includes("orphan")) {
      for (const dependent of dependents) this.#disown(dependent, owner.metadata.uid);
      this.#finish(owner, "orphan");
      return;
    }
    for (const dependent of dependents) {
      if (dependent.metadata.deletionTimestamp === undefined) this.#delete(dependent);
    }
    if (dependents.every(({ metadata }) => this.#find(metadata.uid) === undefined)) {
      this.#finish(owner, "foregroundDeletion");
    }
  }

  #find(uid: string): KubeObject | undefined {
    const address = this.#addresses.get(uid);
    if (address === undefined) return undefined;
    const object = this.#store.get(address.resource, address.namespace, address.name);
    return object?.metadata.uid === uid ? object : undefined;
  }

  #delete({ metadata }: KubeObject): void {
    const address = this.#addresses.get(metadata.uid);
    if (address === undefined) return;
    const preconditions = { uid: metadata.uid };
    this.#store.delete(address.resource, address.namespace, address.name, {
      propagationPolicy: "Background",
      preconditions,
    });
  }

  #disown(dependent: KubeObject, owner: string): void {
    this.#change(dependent, (draft) => {
      const kept = draft.metadata.ownerReferences?.filter(({ uid }) => uid !== owner) ?? [];
      if (kept.length > 0) draft.metadata.ownerReferences = kept;
      else delete draft.metadata.ownerReferences;
    });
    this.#note(owner, dependent.metadata.uid, true);
  }

  #finish(owner: KubeObject, done: string): void {
    this.#change(owner, (draft) => {
      const kept = draft.metadata.finalizers?.filter((finalizer) => finalizer !== done) ?? [];
      if (kept.length > 0) draft.metadata.finalizers = kept;
      else delete draft.metadata.finalizers;
    });
  }

  #change({ metadata }: KubeObject, change: (draft: KubeObject) => void): void {
    const address = this.#addresses.get(metadata.uid);
    if (address !== undefined) this.#store.mutate(address.resource, address.namespace, address.name, change);
  }
}

function isWaiting({ metadata }: KubeObject): boolean {
  if (metadata.deletionTimestamp === undefined) return false;
  return (
    metadata.finalizers?.some((finalizer) => finalizer === "orphan" || finalizer === "foregroundDeletion") ?? false
  );
}
