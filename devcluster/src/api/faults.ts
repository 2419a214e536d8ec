/** Which requests a fault is for. */
export interface FaultMatch {
  readonly method?: string;
  /** Against the path without its query. */
  readonly path?: RegExp;
  /** Against the query string, for example /follow=true/ or /watch=/. */
  readonly query?: RegExp;
}

export type FaultAction =
  /** Answers with an error and does nothing else. `retryAfter` in seconds. */
  | {
      readonly kind: "respond";
      readonly code: 401 | 403 | 409 | 429 | 500 | 502 | 503 | 504;
      readonly retryAfter?: number;
      readonly message?: string;
    }
  /** Waits before doing the work, in milliseconds. */
  | { readonly kind: "delay"; readonly milliseconds: number }
  /** Kills the connection: before the work, or after it (the answer is lost, the write is not). */
  | { readonly kind: "drop"; readonly when: "before" | "after" }
  /** Ends an open answer after so many bytes or milliseconds: by a reset, or as if it were complete. */
  | ({ readonly kind: "cut"; readonly end: "reset" | "clean" } & StreamPoint)
  /** From that point on nothing more is sent, and the connection stays open. */
  | ({ readonly kind: "stall" } & StreamPoint)
  /** A watch gets 410 Expired as its first event, whatever its resourceVersion. */
  | { readonly kind: "expire" };

/** Whichever comes first; neither means at once. */
export interface StreamPoint {
  readonly afterBytes?: number;
  readonly afterMilliseconds?: number;
}

export interface FaultRule {
  readonly match?: FaultMatch;
  readonly action: FaultAction;
  /** How many requests it hits before it is spent. @default unlimited */
  readonly count?: number;
  /** How many matching requests pass unharmed first. @default 0 */
  readonly skip?: number;
}

export interface Fault {
  readonly hits: number;
  remove(): void;
}

/** What goes wrong and when; a test adds rules, and removes them. */
export interface Faults {
  add(rule: FaultRule): Fault;
  clear(): void;
}

export interface FaultSource extends Faults {
  /** The actions for this request; asking counts as a hit. */
  take(request: { readonly method: string; readonly path: string; readonly query: string }): readonly FaultAction[];
}

export function createFaults(): FaultSource {
  const active = new Set<{ rule: FaultRule; skipped: number; hits: number }>();
  return {
    add(rule) {
      const entry = { rule, skipped: 0, hits: 0 };
      active.add(entry);
      return {
        get hits() {
          return entry.hits;
        },
        remove() {
          active.delete(entry);
        },
      };
    },
    clear() {
      active.clear();
    },
    take(request) {
      const actions: FaultAction[] = [];
      for (const entry of active) {
        const { match = {}, action, count = Number.POSITIVE_INFINITY, skip = 0 } = entry.rule;
        if (!matches(match, request)) continue;
        if (entry.skipped < skip) entry.skipped += 1;
        else if (entry.hits < count) {
          entry.hits += 1;
          actions.push(action);
        }
      }
      return actions;
    },
  };
}

function matches(match: FaultMatch, request: { method: string; path: string; query: string }): boolean {
  return (
    (match.method === undefined || match.method === request.method) &&
    (match.path === undefined || match.path.test(request.path)) &&
    (match.query === undefined || match.query.test(request.query))
  );
}
