import type { KubeObject, Stored } from "./resource-types.ts";

/**
 * `CURRENT` the state when somebody begins to look; `ADDED`, `MODIFIED`, `DELETED` as the server told, or as a list
 * differs from what was known; `GONE` a list no longer shows the object, whose last known state is given: it has been
 * deleted, and what it became before that was not seen.
 */
export type ChangeType = "CURRENT" | "ADDED" | "MODIFIED" | "DELETED" | "GONE";

export interface Change<T extends KubeObject> {
  readonly type: ChangeType;
  readonly object: Stored<T>;
}

/** What is known of one collection. Takes what a watch or list says, gives what that changes. */
export class ResourceView<T extends KubeObject> {
  readonly #objects = new Map<string, Stored<T>>();
  /** uid → resourceVersion of what a watch saw deleted since the last list: an older list may still show it. */
  readonly #deleted = new Map<string, string>();

  get objects(): Iterable<Stored<T>> {
    return this.#objects.values();
  }

  /** An event of a watch, in its order. */
  apply(type: "ADDED" | "MODIFIED" | "DELETED", object: Stored<T>): Change<T>[] {
    const { uid, resourceVersion } = object.metadata;
    if (type === "DELETED") {
      if (this.#deleted.has(uid)) return [];
      this.#objects.delete(uid);
      this.#deleted.set(uid, resourceVersion);
      return [{ type, object }];
    }
    return this.#take(object);
  }

  /** A list that is newer than everything seen so far: what it lacks is gone. */
  replace(objects: readonly Stored<T>[]): Change<T>[] {
    const listed = new Set(objects.map((object) => object.metadata.uid));
    const gone = [...this.#objects.values()].filter((object) => !listed.has(object.metadata.uid));
    this.#deleted.clear();
    return [...gone.map((object) => this.#lose(object)), ...objects.flatMap((object) => this.#take(object))];
  }

  /**
   * A list taken while a watch goes on: either may be ahead. Only what is provably older than the list is corrected;
   * where resourceVersions cannot be compared, nothing is.
   */
  reconcile(objects: readonly Stored<T>[], resourceVersion: string): Change<T>[] {
    const listed = new Set(objects.map((object) => object.metadata.uid));
    const gone = [...this.#objects.values()].filter(
      ({ metadata }) => !listed.has(metadata.uid) && isOlder(metadata.resourceVersion, resourceVersion),
    );
    const newer = objects.filter(({ metadata }) => {
      if (this.#deleted.has(metadata.uid)) return false;
      const known = this.#objects.get(metadata.uid);
      return known === undefined || isOlder(known.metadata.resourceVersion, metadata.resourceVersion);
    });
    for (const [uid, version] of this.#deleted) if (isOlder(version, resourceVersion)) this.#deleted.delete(uid);
    return [...gone.map((object) => this.#lose(object)), ...newer.flatMap((object) => this.#take(object))];
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
function isOlder(one: string, other: string): boolean {
  return /^\d{1,19}$/.test(one) && /^\d{1,19}$/.test(other) && BigInt(one) < BigInt(other);
}
