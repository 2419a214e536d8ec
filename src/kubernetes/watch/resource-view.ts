import type { KubeObject, Stored } from "../resource-types.ts";

/**
 * `CURRENT` the state when a listener comes; `ADDED`, `MODIFIED`, `DELETED` as the server reported, or as a list differs
 * from what was known; `GONE` a list no longer shows the object, whose last known state is given: it was deleted, and
 * what it became before that was not observed.
 */
export type ChangeType = "CURRENT" | "ADDED" | "MODIFIED" | "DELETED" | "GONE";

export interface Change<T extends KubeObject> {
  readonly type: ChangeType;
  readonly object: Stored<T>;
}

interface Check<T extends KubeObject> {
  readonly objects: readonly Stored<T>[];
  readonly resourceVersion: string;
}

/** What is known of one collection. Takes the events of a watch and lists, returns what they change. */
export class ResourceView<T extends KubeObject> {
  readonly #objects = new Map<string, Stored<T>>();
  /** uid → resourceVersion of what the watch saw deleted: a list taken before may still show it. */
  readonly #deleted = new Map<string, string>();
  #check: Check<T> | undefined;

  get objects(): Iterable<Stored<T>> {
    return this.#objects.values();
  }

  get(uid: string): Stored<T> | undefined {
    return this.#objects.get(uid);
  }

  /** An event of a watch, in its order. */
  apply(type: "ADDED" | "MODIFIED" | "DELETED", object: Stored<T>): Change<T>[] {
    const { uid, resourceVersion } = object.metadata;
    const changes: Change<T>[] = type === "DELETED" ? [{ type, object }] : this.#take(object);
    if (type === "DELETED") {
      this.#objects.delete(uid);
      this.#deleted.set(uid, resourceVersion);
    }
    return [...changes, ...this.reached(resourceVersion)];
  }

  /** A list that is newer than everything known: what it lacks is gone. */
  replace(objects: readonly Stored<T>[]): Change<T>[] {
    this.#check = undefined;
    this.#deleted.clear();
    const listed = new Set(objects.map((object) => object.metadata.uid));
    const gone = [...this.#objects.values()].filter((object) => !listed.has(object.metadata.uid));
    return [...gone.map((object) => this.#lose(object)), ...objects.flatMap((object) => this.#take(object))];
  }

  /**
   * A list taken while a watch goes on, to be compared when the watch has got as far: before that, what looks missed
   * may only be late, and a DELETED on its way carries the last state that a list cannot give.
   */
  verify(objects: readonly Stored<T>[], resourceVersion: string): void {
    this.#check = { objects, resourceVersion };
  }

  /** The watch has reported everything up to here. Returns what it should have reported and did not. */
  reached(resourceVersion: string): Change<T>[] {
    const check = this.#check;
    if (!check || !isAtLeast(resourceVersion, check.resourceVersion)) return [];
    this.#check = undefined;
    const listed = new Set(check.objects.map((object) => object.metadata.uid));
    const gone = [...this.#objects.values()].filter(
      ({ metadata }) => !listed.has(metadata.uid) && isAtLeast(check.resourceVersion, metadata.resourceVersion),
    );
    const missed = check.objects.filter(({ metadata }) => {
      const deleted = this.#deleted.get(metadata.uid);
      if (deleted !== undefined && isAtLeast(deleted, metadata.resourceVersion)) return false;
      const known = this.#objects.get(metadata.uid);
      return known === undefined || !isAtLeast(known.metadata.resourceVersion, metadata.resourceVersion);
    });
    for (const [uid, version] of this.#deleted)
      if (isAtLeast(check.resourceVersion, version)) this.#deleted.delete(uid);
    return [...gone.map((object) => this.#lose(object)), ...missed.flatMap((object) => this.#take(object))];
  }

  #take(object: Stored<T>): Change<T>[] {
    const { uid, resourceVersion } = object.metadata;
    const known = this.#objects.get(uid);
    if (known?.metadata.resourceVersion === resourceVersion) return [];
    this.#objects.set(uid, object);
    return [{ type: known ? "MODIFIED" : "ADDED", object }];
  }

  #lose(object: Stored<T>): Change<T> {
    this.#objects.delete(object.metadata.uid);
    return { type: "GONE", object };
  }
}

/** resourceVersions are decimal numbers that grow (guaranteed from 1.35 on, true before); anything else is not compared. */
function isAtLeast(one: string, other: string): boolean {
  return /^\d{1,19}$/.test(one) && /^\d{1,19}$/.test(other) && BigInt(one) >= BigInt(other);
}
