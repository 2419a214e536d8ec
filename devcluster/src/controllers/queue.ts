export interface WorkQueue {
  /** Looks at the key after this many milliseconds; an earlier look that is already planned stays. */
  add(key: string, delay?: number): void;
  /** Drops what is planned for the key. */
  forget(key: string): void;
  stop(): void;
}

/** A look that failed is repeated after this many milliseconds. */
const RETRY = 1000;

/** The longest delay that a timer of Node takes; a look that comes early plans itself again. */
const LONGEST = 2 ** 31 - 1;

/**
 * Calls `look` for each key that was added, always in a task of its own: a store tells its listeners in the middle of a
 * write. An error is a bug or a refused write; it is reported and the look is repeated.
 */
export function createQueue(look: (key: string) => void): WorkQueue {
  const planned = new Map<string, { at: number; timer: NodeJS.Timeout }>();
  let stopped = false;
  const run = (key: string): void => {
    planned.delete(key);
    try {
      look(key);
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : String(error));
      queue.add(key, RETRY);
    }
  };
  const queue: WorkQueue = {
    add(key, delay = 0) {
      if (stopped) return;
      const at = performance.now() + delay;
      const before = planned.get(key);
      if (before !== undefined) {
        if (before.at <= at) return;
        clearTimeout(before.timer);
      }
      planned.set(key, { at, timer: setTimeout(run, Math.min(delay, LONGEST), key) });
    },
    forget(key) {
      clearTimeout(planned.get(key)?.timer);
      planned.delete(key);
    },
    stop() {
      stopped = true;
      for (const { timer } of planned.values()) clearTimeout(timer);
      planned.clear();
    },
  };
  return queue;
}
