export interface Queue<T> extends AsyncIterable<T> {
  push(item: T): void;
  /** No more items; those already pushed are still delivered. */
  end(): void;
}

/** From callbacks to `for await`: one producer side, one consumer. */
export function createQueue<T>(): Queue<T> {
  const items: T[] = [];
  let ended = false;
  let wake: () => void = () => {};
  return {
    push(item) {
      if (ended) return;
      items.push(item);
      wake();
    },
    end() {
      ended = true;
      wake();
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        for (let item = items.shift(); item !== undefined; item = items.shift()) yield item;
        if (ended) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}
