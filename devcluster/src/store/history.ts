import type { KubeObject, StoreEvent } from "../types.ts";

/** An event with what went before, so that a selector can tell "entered" from "changed". */
export interface HistoryEntry {
  readonly revision: number;
  readonly event: StoreEvent;
  readonly previous: KubeObject | undefined;
}

/** The window of writes that a watch can still be resumed from, as etcd keeps one until compaction. */
export interface History {
  append(entry: HistoryEntry): void;
  /** Entries after the revision; "expired" when some of them are already forgotten. */
  since(revision: number): readonly HistoryEntry[] | "expired";
  /** Forgets everything up to now. */
  compact(now: number): void;
  /** The oldest revision that `since` accepts. */
  readonly oldest: number;
}

export function createHistory(start: number, size: number): History {
  let oldest = start;
  let entries: HistoryEntry[] = [];
  return {
    append(entry) {
      entries.push(entry);
      // Trimmed in blocks: shifting one by one would cost a copy of the window at each write.
      if (entries.length > size * 2) {
        const dropped = entries.length - size;
        oldest = entries[dropped - 1]?.revision ?? oldest;
        entries = entries.slice(dropped);
      }
    },
    since(revision) {
      if (revision < oldest) return "expired";
      const from = entries.findIndex((entry) => entry.revision > revision);
      return from === -1 ? [] : entries.slice(from);
    },
    compact(now) {
      oldest = now;
      entries = [];
    },
    get oldest() {
      return oldest;
    },
  };
}
