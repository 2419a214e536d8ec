import type { KubeObject } from "../types.ts";

/** All objects of one resource by their keys, and in the order of those, in which an API server lists. */
export class Table {
  readonly #objects = new Map<string, KubeObject>();
  /** Kept in order: sorting a thousand objects for each list took longer than all else of it (measured). */
  readonly #keys: string[] = [];

  get(key: string): KubeObject | undefined {
    return this.#objects.get(key);
  }

  has(key: string): boolean {
    return this.#objects.has(key);
  }

  set(key: string, object: KubeObject): void {
    if (!this.#objects.has(key)) this.#keys.splice(this.#placeOf(key), 0, key);
    this.#objects.set(key, object);
  }

  delete(key: string): void {
    if (this.#objects.delete(key)) this.#keys.splice(this.#placeOf(key), 1);
  }

  /** Those whose keys begin so. */
  list(prefix: string): KubeObject[] {
    const found: KubeObject[] = [];
    for (let at = this.#placeOf(prefix); ; at++) {
      const key = this.#keys[at];
      if (key === undefined || !key.startsWith(prefix)) return found;
      const object = this.#objects.get(key);
      if (object) found.push(object);
    }
  }

  /** Where the key is, or would be. */
  #placeOf(key: string): number {
    let [low, high] = [0, this.#keys.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#keys[middle] ?? "") < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
