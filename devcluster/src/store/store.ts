import { randomUUID } from "node:crypto";
import { alreadyExists, notFound } from "../api/api-error.ts";
import { apiVersionOf, type ResourceDefinition, resourceNamed } from "../api/resources.ts";
import { standardRules } from "../api/rules.ts";
import type { Clock, DeleteOptions, KubeObject, ResourceName, Store, StoreEvent, StoreEventType } from "../types.ts";
import { checkPreconditions, isGone, markDeleted, timestamp } from "./deletion.ts";
import { createHistory, type HistoryEntry } from "./history.ts";
import { generatedName } from "./names.ts";
import { clone, deepEqual, deepFreeze } from "./plain.ts";
import { createPublisher } from "./publisher.ts";
import type { ObjectRules, RuleContext } from "./rules.ts";
import { Table } from "./table.ts";

/** A young real cluster has written some hundred objects before its first user: revision 1 is long compacted. */
const FIRST_REVISION = 500;
const GENERATE_ATTEMPTS = 8;
/** Writes that a watch can be resumed over. */
const HISTORY_SIZE = 5000;

export interface StoreOptions {
  readonly clock?: Clock;
  readonly rules?: ObjectRules;
}

export interface WriteOptions {
  /** Does everything but the write. @default false */
  readonly dryRun?: boolean;
  readonly warn?: (text: string) => void;
  readonly subresource?: string;
}

/** The store as the API server uses it: the seam `Store` plus dry runs, checked updates and the watch window. */
export interface ApiStore extends Store {
  create<T extends KubeObject = KubeObject>(resource: ResourceName, object: object, options?: WriteOptions): T;
  /** Like mutate, but for a client: the rules judge the change, and an unknown object is a 404. */
  update(
    resource: ResourceName,
    namespace: string,
    name: string,
    change: (draft: KubeObject, current: KubeObject) => void,
    options?: WriteOptions,
  ): KubeObject;
  delete(
    resource: ResourceName,
    namespace: string,
    name: string,
    options?: DeleteOptions & { readonly dryRun?: boolean },
  ): KubeObject | undefined;
  historySince(revision: number): readonly HistoryEntry[] | "expired";
  onWrite(listener: (entry: HistoryEntry) => void): () => void;
  /** Forgets the watch window, as etcd's compaction does: resuming from before is 410 Expired. */
  compact(): void;
  readonly oldestRevision: number;
  readonly clock: Clock;
}

export function createStore(options: StoreOptions = {}): ApiStore {
  return new MemoryStore(options);
}

class MemoryStore implements ApiStore {
  readonly clock: Clock;
  readonly #rules: ObjectRules;
  readonly #objects = new Map<ResourceName, Table>();
  readonly #history;
  readonly #publisher = createPublisher();
  #revision = FIRST_REVISION;

  constructor(options: StoreOptions) {
    this.clock = options.clock ?? Date.now;
    this.#rules = options.rules ?? standardRules;
    this.#history = createHistory(FIRST_REVISION, HISTORY_SIZE);
  }

  get resourceVersion(): string {
    return String(this.#revision);
  }

  get oldestRevision(): number {
    return this.#history.oldest;
  }

  get<T extends KubeObject = KubeObject>(resource: ResourceName, namespace: string, name: string): T | undefined {
    return this.#table(resource).get(keyOf(resourceNamed(resource), namespace, name)) as T | undefined;
  }

  list<T extends KubeObject = KubeObject>(resource: ResourceName, namespace?: string): T[] {
    if (namespace === undefined || namespace === "") return this.#table(resource).list("") as T[];
    return resourceNamed(resource).namespaced ? (this.#table(resource).list(`${namespace}/`) as T[]) : [];
  }

  create<T extends KubeObject = KubeObject>(resource: ResourceName, object: object, options: WriteOptions = {}): T {
    const definition = resourceNamed(resource);
    const draft = clone(object) as KubeObject;
    draft.apiVersion = apiVersionOf(definition);
    draft.kind = definition.kind;
    const { name, generateName, namespace, uid: _, resourceVersion: __, ...rest } = draft.metadata ?? {};
    draft.metadata = {
      name: name || this.#generate(definition, namespace ?? "", generateName ?? ""),
      ...(generateName ? { generateName } : {}),
      ...(definition.namespaced ? { namespace: namespace ?? "" } : {}),
      uid: randomUUID(),
      resourceVersion: "",
      ...rest,
      creationTimestamp: timestamp(this.clock()),
    };
    delete draft.metadata.deletionTimestamp;
    delete draft.metadata.deletionGracePeriodSeconds;
    this.#rules.create(draft, this.#context(definition, options));
    const key = keyOf(definition, draft.metadata.namespace ?? "", draft.metadata.name);
    if (this.#table(resource).has(key)) throw alreadyExists(definition, draft.metadata.name);
    if (options.dryRun === true) return deepFreeze(withoutRevision(draft)) as T;
    return this.#write("ADDED", definition, draft, undefined) as T;
  }

  mutate<T extends KubeObject = KubeObject>(
    resource: ResourceName,
    namespace: string,
    name: string,
    change: (draft: T) => void,
  ): T | undefined {
    const current = this.get<T>(resource, namespace, name);
    if (current === undefined) return undefined;
    const draft = clone(current);
    change(draft);
    return this.#replace(resourceNamed(resource), current, draft, false) as T;
  }

  update(
    resource: ResourceName,
    namespace: string,
    name: string,
    change: (draft: KubeObject, current: KubeObject) => void,
    options: WriteOptions = {},
  ): KubeObject {
    const definition = resourceNamed(resource);
    const current = this.get(resource, namespace, name);
    if (current === undefined) throw notFound(definition, name);
    const draft = clone(current);
    change(draft, current);
    const context = this.#context(definition, options);
    const { subresource } = options;
    this.#rules.update(draft, current, subresource === undefined ? context : { ...context, subresource });
    // Measured: only a client's change counts; the scheduler's binding leaves a pod at generation 1.
    const { generation } = current.metadata;
    if (generation !== undefined && !deepEqual(current.spec, draft.spec)) draft.metadata.generation = generation + 1;
    return this.#replace(definition, current, draft, options.dryRun === true);
  }

  delete(
    resource: ResourceName,
    namespace: string,
    name: string,
    options: DeleteOptions & { readonly dryRun?: boolean } = {},
  ): KubeObject | undefined {
    const current = this.get(resource, namespace, name);
    if (current === undefined) return undefined;
    checkPreconditions(resource, current, options);
    const draft = clone(current);
    markDeleted(resource, draft, options, this.clock());
    const definition = resourceNamed(resource);
    if (options.dryRun === true) return draft;
    if (!isGone(resource, draft)) return this.#replace(definition, current, draft, false);
    // Measured: a pod's graceful end is one more MODIFIED (grace 0) before its DELETED.
    const graceful = resource === "pods" && current.metadata.deletionTimestamp !== undefined;
    return this.#remove(definition, graceful ? this.#write("MODIFIED", definition, draft, current) : current);
  }

  subscribe(listener: (event: StoreEvent) => void): () => void {
    return this.onWrite(({ event }) => listener(event));
  }

  onWrite(listener: (entry: HistoryEntry) => void): () => void {
    return this.#publisher.subscribe(listener);
  }

  historySince(revision: number): readonly HistoryEntry[] | "expired" {
    return this.#history.since(revision);
  }

  compact(): void {
    this.#history.compact(this.#revision);
  }

  #table(resource: ResourceName): Table {
    let table = this.#objects.get(resource);
    if (table === undefined) {
      resourceNamed(resource);
      table = new Table();
      this.#objects.set(resource, table);
    }
    return table;
  }

  #context(resource: ResourceDefinition, options: WriteOptions): RuleContext {
    return { resource, store: this, warn: options.warn ?? (() => {}), now: this.clock() };
  }

  #generate(resource: ResourceDefinition, namespace: string, base: string): string {
    if (base === "") return "";
    let name = generatedName(base);
    for (let i = 1; i < GENERATE_ATTEMPTS && this.get(resource.name, namespace, name) !== undefined; i++) {
      name = generatedName(base);
    }
    return name;
  }

  #replace(resource: ResourceDefinition, current: KubeObject, draft: KubeObject, dryRun: boolean): KubeObject {
    if (deepEqual(current, draft)) return current;
    if (dryRun) return deepFreeze(draft);
    // Measured: the write that takes the last finalizer away is seen as DELETED only, with the state before it.
    if (isGone(resource.name, draft)) return this.#remove(resource, current);
    return this.#write("MODIFIED", resource, draft, current);
  }

  #remove(resource: ResourceDefinition, last: KubeObject): KubeObject {
    return this.#write("DELETED", resource, { ...last, metadata: { ...last.metadata } }, last);
  }

  #write(
    type: StoreEventType,
    resource: ResourceDefinition,
    object: KubeObject,
    previous: KubeObject | undefined,
  ): KubeObject {
    this.#revision += 1;
    object.metadata.resourceVersion = String(this.#revision);
    deepFreeze(object);
    const key = keyOf(resource, object.metadata.namespace ?? "", object.metadata.name);
    if (type === "DELETED") this.#table(resource.name).delete(key);
    else this.#table(resource.name).set(key, object);
    const event: StoreEvent = { type, resource: resource.name, object };
    const entry: HistoryEntry = { revision: this.#revision, event, previous };
    this.#history.append(entry);
    this.#publisher.publish(entry);
    return object;
  }
}

function keyOf(resource: ResourceDefinition, namespace: string, name: string): string {
  return resource.namespaced ? `${namespace}/${name}` : name;
}

function withoutRevision(object: KubeObject): KubeObject {
  const { resourceVersion: _, ...metadata } = object.metadata;
  return { ...object, metadata: metadata as KubeObject["metadata"] };
}
