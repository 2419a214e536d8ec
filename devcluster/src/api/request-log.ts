/** One request that reached the server; `status` is 0 when it was cut before an answer. */
export interface RequestRecord {
  /** Milliseconds since 1970, by the server's clock, when the request had arrived. */
  readonly time: number;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly userAgent: string;
  readonly user: string;
  readonly status: number;
}

/** What was asked, in order of arrival: for tests that count requests. */
export interface RequestLog extends Iterable<RequestRecord> {
  readonly length: number;
  /** Those of a method whose path matches. */
  matching(method: string, path: RegExp): RequestRecord[];
  clear(): void;
}

export interface WritableRequestLog extends RequestLog {
  add(record: RequestRecord): { answered(status: number, user: string): void };
}

/** Oldest records are forgotten beyond the limit. @default 100000 */
export function createRequestLog(limit = 100_000): WritableRequestLog {
  const records: { -readonly [field in keyof RequestRecord]: RequestRecord[field] }[] = [];
  return {
    add(record) {
      const kept = { ...record };
      records.push(kept);
      if (records.length > limit) records.splice(0, records.length - limit);
      return {
        answered(status, user) {
          kept.status = status;
          kept.user = user;
        },
      };
    },
    get length() {
      return records.length;
    },
    matching: (method, path) => records.filter((record) => record.method === method && path.test(record.path)),
    clear() {
      records.length = 0;
    },
    [Symbol.iterator]: () => records.values(),
  };
}
