import type { HistoryEntry } from "./history.ts";

export interface Publisher {
  publish(entry: HistoryEntry): void;
  subscribe(listener: (entry: HistoryEntry) => void): () => void;
}

/** A listener may write: what it writes is told to everybody after what they are being told now. */
export function createPublisher(): Publisher {
  const listeners = new Set<(entry: HistoryEntry) => void>();
  const queue: HistoryEntry[] = [];
  let publishing = false;
  return {
    publish(entry) {
      queue.push(entry);
      if (publishing) return;
      publishing = true;
      try {
        for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
          for (const listener of [...listeners]) listener(next);
        }
      } finally {
        publishing = false;
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}
