/** What a cluster sends, as the fields that it has: without names, times and ids. */
import type { KubernetesClient } from "../../../src/kubernetes/client.ts";
import { byteLines } from "../../../src/kubernetes/http/byte-lines.ts";
import { isBundle } from "../../../src/run/shared/names.ts";

const COLLECTIONS = {
  jobs: "/apis/batch/v1/namespaces/NAMESPACE/jobs",
  pods: "/api/v1/namespaces/NAMESPACE/pods",
  secrets: "/api/v1/namespaces/NAMESPACE/secrets",
  events: "/api/v1/namespaces/NAMESPACE/events",
} as const;

export type Collection = keyof typeof COLLECTIONS;

export interface WireEvent {
  readonly type: string;
  readonly object: Record<string, unknown> & { readonly metadata: Readonly<Record<string, unknown>> };
}

export interface Watching {
  readonly events: readonly WireEvent[];
  /** Resolves with the first one, past or future, that fits. */
  until(fits: (event: WireEvent) => boolean): Promise<WireEvent>;
}

export function watchWire(
  client: KubernetesClient,
  namespace: string,
  collection: Collection,
  signal: AbortSignal,
): Watching {
  const events: WireEvent[] = [];
  const listeners = new Set<() => void>();
  const read = async (): Promise<void> => {
    const path = COLLECTIONS[collection].replace("NAMESPACE", namespace);
    const request = { verb: "watch", resource: collection };
    const answer = await client.transport.send(
      { request, method: "GET", path, query: { watch: true, allowWatchBookmarks: true } },
      signal,
    );
    for await (const line of byteLines(answer.body, 1e7)) {
      const event = line.length > 0 ? (JSON.parse(line.toString()) as WireEvent) : null;
      if (event && !isOfBundle(event)) events.push(event);
      for (const listener of [...listeners]) listener();
    }
  };
  // It lasts until the test is over.
  read().catch(() => undefined);
  return {
    events,
    until: (fits) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = events.find(fits);
          if (found === undefined) return;
          listeners.delete(look);
          resolve(found);
        };
        listeners.add(look);
        look();
      }),
  };
}

/** Of what runs share: it comes when it comes, beside the run's own. */
function isOfBundle({ object }: WireEvent): boolean {
  const about = (object.involvedObject ?? object.metadata) as { readonly name?: string };
  return isBundle(about.name ?? "");
}

/** Each event's type and fields, repetitions told once. */
export function shapesOf(events: readonly WireEvent[]): string[] {
  const told = events.map(({ type, object }) => [type, ...fieldsOf(object)].join("\n"));
  return told.filter((shape, index) => shape !== told[index - 1]);
}

/** Values that mean the same whatever the run is. */
const WORDS = new Set([
  "reason",
  "phase",
  "type",
  "status",
  "exitCode",
  "restartPolicy",
  "kind",
  "apiVersion",
  "suspend",
]);

/** Paths of all fields, with the values that are no names, times or ids; a seal is looked into. */
export function fieldsOf(value: unknown, path = ""): string[] {
  if (path.endsWith(".terminated.message")) return fieldsOf(JSON.parse(String(value)), `${path}(seal)`);
  if (Array.isArray(value)) return [...new Set(value.flatMap((item) => fieldsOf(item, `${path}[]`)))];
  if (typeof value === "object" && value !== null)
    return Object.entries(value)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .flatMap(([key, inner]) => fieldsOf(inner, `${path}.${key}`));
  const key = /[^.]*$/.exec(path)?.[0] ?? "";
  return [WORDS.has(key) ? `${path}=${String(value)}` : `${path}: ${value === null ? "null" : typeof value}`];
}

/** The log's lines, with the time of each and of the cluster's clock left out. */
export const logShape = (text: string): string[] =>
  text.split("\n").map((line) =>
    line
      .replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z /, "STAMP ")
      .replace(/at=[\d.]+/, "at=TIME")
      .replace(/^STAMP seal\|(.*)$/, (_, seal: string) => `STAMP seal|${fieldsOf(JSON.parse(seal)).join(",")}`),
  );
