import { type Handler, json, type Reply, refuse, type Seen } from "./api-server.ts";

export interface TestObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace: string; uid: string; resourceVersion: string; creationTimestamp: string };
  [field: string]: unknown;
}

export interface Watcher {
  readonly collection: string;
  readonly seen: Seen;
  readonly reply: Reply;
}

interface PastEvent {
  readonly version: number;
  readonly collection: string;
  readonly line: string;
}

/**
 * Lists and watches of Jobs and Pods as measured on Kubernetes 1.36: one resourceVersion for all, an initial state that
 * ends with a marked bookmark, history that can be forgotten (410 as an ERROR event in a 200).
 */
export class CollectionApi {
  readonly objects = new Map<string, TestObject>();
  readonly watchers = new Set<Watcher>();
  /** Answers instead when it returns true. */
  intercept: (seen: Seen, reply: Reply) => boolean = () => false;
  /** `no`: the feature is off (422); `ignored`: a server from before 1.27. */
  initialEvents: "yes" | "no" | "ignored" = "yes";
  version = 100;
  #forgotten = 0;
  #history: PastEvent[] = [];
  #uids = 0;

  readonly handler: Handler = (seen, reply) => {
    if (this.intercept(seen, reply)) return;
    const [, collection] = /\/namespaces\/runs\/(jobs|pods)$/.exec(seen.url.pathname) ?? [];
    if (collection === undefined) return void refuse(reply, 404, "NotFound", "no such path");
    if (seen.url.searchParams.get("watch") === "true") this.#watch(collection, seen, reply);
    else this.#list(collection, reply);
  };

  /** Creates, or changes, one object. */
  put(collection: string, name: string, fields: object = {}): TestObject {
    const key = `${collection}/${name}`;
    const known = this.objects.get(key);
    const uid = known?.metadata.uid ?? `uid-${++this.#uids}`;
    const metadata = {
      name,
      namespace: "runs",
      uid,
      resourceVersion: String(++this.version),
      creationTimestamp: "2026-11-22T00:00:00Z",
    };
    const apiVersion = collection === "jobs" ? "batch/v1" : "v1";
    const object: TestObject = { apiVersion, kind: collection === "jobs" ? "Job" : "Pod", metadata, ...fields };
    this.objects.set(key, object);
    this.#publish(collection, known ? "MODIFIED" : "ADDED", object);
    return object;
  }

  /** Deletes one object; its last state goes out with the event. */
  remove(collection: string, name: string, fields: object = {}): void {
    const key = `${collection}/${name}`;
    const known = this.objects.get(key);
    if (!known) throw new Error(`there is no ${key}`);
    this.objects.delete(key);
    const metadata = { ...known.metadata, resourceVersion: String(++this.version) };
    this.#publish(collection, "DELETED", { ...known, ...fields, metadata });
  }

  /** Forgets all events: whoever resumes from before now gets 410. */
  expire(): void {
    this.#forgotten = ++this.version;
    this.#history = [];
  }

  bookmark(): void {
    for (const watcher of this.watchers) watcher.reply.write(this.#bookmark(watcher.collection, false));
  }

  say(line: object | string): void {
    const text = typeof line === "string" ? line : JSON.stringify(line);
    for (const watcher of this.watchers) watcher.reply.write(`${text}\n`);
  }

  /** Ends every watch in order, as the server does when its time is up. */
  endWatches(): void {
    for (const watcher of this.watchers) this.end(watcher);
  }

  end(watcher: Watcher): void {
    this.watchers.delete(watcher);
    watcher.reply.end();
  }

  #list(collection: string, reply: Reply): void {
    const items = this.#of(collection).map(({ apiVersion: _, kind: __, ...item }) => item);
    json(reply, 200, { kind: "List", metadata: { resourceVersion: String(this.version) }, items });
  }

  #watch(collection: string, seen: Seen, reply: Reply): void {
    const { searchParams } = seen.url;
    const wantsInitial = searchParams.get("sendInitialEvents") === "true";
    if (wantsInitial && this.initialEvents === "no") {
      return void refuse(
        reply,
        422,
        "Invalid",
        "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled",
      );
    }
    reply.writeHead(200, { "content-type": "application/json" });
    const from = searchParams.get("resourceVersion");
    if (from !== null && Number(from) < this.#forgotten) {
      const status = {
        kind: "Status",
        code: 410,
        reason: "Expired",
        message: `too old resource version: ${from} (${this.version})`,
      };
      return void reply.end(`${JSON.stringify({ type: "ERROR", object: status })}\n`);
    }
    const watcher = { collection, seen, reply };
    this.watchers.add(watcher);
    reply.once("close", () => this.watchers.delete(watcher));
    if (from === null) {
      for (const object of this.#of(collection)) reply.write(lineOf("ADDED", object));
      reply.write(this.#bookmark(collection, this.initialEvents === "yes"));
      return;
    }
    for (const event of this.#history) {
      if (event.collection === collection && event.version > Number(from)) reply.write(event.line);
    }
    // Nothing to say yet: the head goes out all the same.
    reply.flushHeaders();
  }

  #publish(collection: string, type: string, object: TestObject): void {
    const line = lineOf(type, object);
    this.#history.push({ version: this.version, collection, line });
    for (const watcher of this.watchers) if (watcher.collection === collection) watcher.reply.write(line);
  }

  #of(collection: string): TestObject[] {
    return [...this.objects].filter(([key]) => key.startsWith(`${collection}/`)).map(([, object]) => object);
  }

  #bookmark(collection: string, initial: boolean): string {
    const annotations = initial ? { "k8s.io/initial-events-end": "true" } : undefined;
    const metadata = { resourceVersion: String(this.version), annotations };
    return `${JSON.stringify({ type: "BOOKMARK", object: { kind: collection === "jobs" ? "Job" : "Pod", metadata } })}\n`;
  }
}

function lineOf(type: string, object: TestObject): string {
  return `${JSON.stringify({ type, object: { ...object, metadata: { ...object.metadata, managedFields: [{ manager: "x" }] } } })}\n`;
}
