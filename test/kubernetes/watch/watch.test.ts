import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { KubernetesClient } from "../../../src/kubernetes/client.ts";
import { jobs } from "../../../src/kubernetes/resource-types.ts";
import { type WatchEvent, type WatchOptions, watch } from "../../../src/kubernetes/watch/watch.ts";
import { ApiServer, type Reply, refuse } from "../support/api-server.ts";
import { ManualClock } from "../support/clocks.ts";
import { CollectionApi } from "../support/collection-api.ts";
import { eventually } from "../support/eventually.ts";

// Real sockets on a machine that may be busy: nothing here waits that long when all is well.
vi.setConfig({ testTimeout: 30_000 });

type Event = WatchEvent<{ metadata?: { name?: string } }>;

let server: ApiServer;
let api: CollectionApi;
let clock: ManualClock;
let stop: AbortController;

beforeEach(async () => {
  api = new CollectionApi();
  server = await ApiServer.start(api.handler);
  clock = new ManualClock();
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await server.stop();
});

/** A watch read step by step, with waiting times cut short unless the test moves the clock itself. */
async function watching(options: WatchOptions = {}) {
  const client = new KubernetesClient(await server.cluster(), { clock, random: () => 0.5 });
  const events = watch(client, jobs, "runs", { labelSelector: "a=b", ...options }, stop.signal);
  const next = async (): Promise<string> => {
    const step = await events.next();
    return step.done ? "END" : describeEvent(step.value as Event);
  };
  const take = async (count: number) => {
    const taken: string[] = [];
    while (taken.length < count) taken.push(await next());
    return taken;
  };
  /** Takes the next event, which stands behind a wait of so many milliseconds. */
  const afterWait = async (ms: number) => {
    const coming = next();
    await eventually(() => clock.sleeping.includes(ms), `a wait of ${ms} ms (now: ${clock.sleeping})`);
    clock.advance(ms);
    return coming;
  };
  return { events, next, take, afterWait };
}

function describeEvent(event: Event): string {
  switch (event.type) {
    case "LISTED":
      return `LISTED ${event.objects.map((object) => object.metadata.name).join(",")} @${event.resourceVersion}`;
    case "BOOKMARK":
      return `BOOKMARK @${event.resourceVersion}`;
    case "CONNECTED":
      return "CONNECTED";
    case "DISCONNECTED":
      return `DISCONNECTED ${event.error ? (event.error.status ?? event.error.kind) : "in order"}, again in ${event.retryInMs}`;
    case "FORBIDDEN":
      return `FORBIDDEN ${event.error.verb} ${event.error.resource}`;
    case "ADDED":
    case "MODIFIED":
    case "DELETED":
      return `${event.type} ${event.object.metadata.name} @${event.object.metadata.resourceVersion}`;
  }
}

const asked = () => server.seen.map((seen) => Object.fromEntries(seen.url.searchParams));

describe("a watch", () => {
  test("begins with everything there is, in one request, and goes on with what changes", async () => {
    api.put("jobs", "a");
    const { take } = await watching();
    expect(await take(2)).toEqual(["CONNECTED", "LISTED a @101"]);
    api.put("jobs", "a");
    api.put("jobs", "b");
    api.remove("jobs", "a");
    api.bookmark();
    expect(await take(4)).toEqual(["MODIFIED a @102", "ADDED b @103", "DELETED a @104", "BOOKMARK @104"]);
    expect(asked()).toEqual([
      {
        watch: "true",
        allowWatchBookmarks: "true",
        sendInitialEvents: "true",
        resourceVersionMatch: "NotOlderThan",
        labelSelector: "a=b",
        timeoutSeconds: "2700",
      },
    ]);
  });

  test("keeps no managed fields", async () => {
    api.put("jobs", "a");
    const { events } = await watching();
    await events.next();
    const { value } = await events.next();
    expect(value).toMatchObject({ type: "LISTED" });
    expect(JSON.stringify(value)).not.toContain("managedFields");
  });

  test("lasts 30 to 60 minutes, and is then taken up where it was", async () => {
    api.put("jobs", "a");
    const { take, next, afterWait } = await watching();
    await take(2);
    api.bookmark();
    await next();
    clock.advance(60_000);
    api.endWatches();
    expect(await next()).toBe("DISCONNECTED in order, again in 125");
    api.put("jobs", "b");
    expect(await afterWait(125)).toBe("CONNECTED");
    expect(await next()).toBe("ADDED b @102");
    expect(asked()[1]).toMatchObject({ resourceVersion: "101" });
    expect(asked()[1]).not.toHaveProperty("sendInitialEvents");
  });

  test("resumes from a bookmark, not from the last object", async () => {
    api.put("jobs", "a");
    const { take, next, afterWait } = await watching();
    await take(2);
    api.put("pods", "other");
    api.bookmark();
    expect(await next()).toBe("BOOKMARK @102");
    server.cut();
    expect(await next()).toBe("DISCONNECTED unreachable, again in 125");
    expect(await afterWait(125)).toBe("CONNECTED");
    expect(asked()[1]).toMatchObject({ resourceVersion: "102" });
  });
});

describe("history that is gone (410)", () => {
  test("as an ERROR event in a 200: everything is read anew", async () => {
    api.put("jobs", "a");
    const { take, next, afterWait } = await watching();
    await take(2);
    api.remove("jobs", "a");
    expect(await next()).toBe("DELETED a @102");
    api.expire();
    api.put("jobs", "b");
    server.cut();
    // What was already on its way may come before the end.
    while (!(await next()).startsWith("DISCONNECTED unreachable"));
    api.expire();
    expect(await afterWait(125)).toBe("CONNECTED");
    expect(await next()).toBe("DISCONNECTED in order, again in 250");
    expect(await afterWait(250)).toBe("CONNECTED");
    expect(await next()).toBe("LISTED b @105");
    expect(asked().map((query) => query.resourceVersion)).toEqual([undefined, expect.any(String), undefined]);
  });

  test("as a status", async () => {
    api.put("jobs", "a");
    const { take, next, afterWait } = await watching();
    await take(2);
    api.intercept = (seen, reply) => {
      if (!seen.url.searchParams.has("resourceVersion")) return false;
      refuse(reply, 410, "Expired", "too old resource version");
      return true;
    };
    server.cut();
    await next();
    expect(await afterWait(125)).toBe("DISCONNECTED in order, again in 250");
    expect(await afterWait(250)).toBe("CONNECTED");
    expect(await next()).toBe("LISTED a @101");
  });
});

describe("where the initial state does not come with the watch", () => {
  test("refused (422): a list, then a watch from there; and so for the rest of its life", async () => {
    api.initialEvents = "no";
    api.put("jobs", "a");
    const { next, afterWait, take } = await watching();
    expect(await next()).toBe("DISCONNECTED in order, again in 125");
    expect(await afterWait(125)).toBe("LISTED a @101");
    api.put("jobs", "b");
    expect(await take(2)).toEqual(["CONNECTED", "ADDED b @102"]);
    expect(asked().map((query) => query.watch ?? "list")).toEqual(["true", "list", "true"]);
    expect(asked()[2]).toMatchObject({ resourceVersion: "101" });
  });

  test("ignored by an old server: the same, as soon as its first bookmark shows it", async () => {
    api.initialEvents = "ignored";
    api.put("jobs", "a");
    const { take, afterWait } = await watching();
    expect(await take(2)).toEqual(["CONNECTED", "DISCONNECTED in order, again in 125"]);
    expect(await afterWait(125)).toBe("LISTED a @101");
  });
});

describe("faults", () => {
  test("silence: taken up again after 150 s; the second time everything is read anew", async () => {
    api.put("jobs", "a");
    const { take, next, afterWait } = await watching();
    await take(2);
    expect(await afterWait(150_000)).toBe("DISCONNECTED timeout, again in 125");
    expect(await afterWait(125)).toBe("CONNECTED");
    expect(await afterWait(150_000)).toBe("DISCONNECTED timeout, again in 250");
    expect(await afterWait(250)).toBe("CONNECTED");
    expect(await next()).toBe("LISTED a @101");
    await eventually(() => api.watchers.size === 1, "the silent connections are closed");
  });

  test("a bookmark a minute is enough to live", async () => {
    const { take, next } = await watching();
    await take(2);
    for (let minute = 0; minute < 10; minute++) {
      clock.advance(60_000);
      api.bookmark();
      expect(await next()).toBe("BOOKMARK @100");
    }
    expect(server.seen).toHaveLength(1);
  });

  test("Retry-After is honoured, waits grow, and an event resets them", async () => {
    api.intercept = (_, reply) => {
      refuse(reply, 429, "TooManyRequests", "slow down", { "retry-after": "20" });
      return true;
    };
    const { next, afterWait } = await watching();
    expect(await next()).toBe("DISCONNECTED 429, again in 20125");
    expect(await afterWait(20_125)).toBe("DISCONNECTED 429, again in 20250");
    api.intercept = () => false;
    expect(await afterWait(20_250)).toBe("CONNECTED");
    await next();
    api.put("jobs", "a");
    await next();
    server.cut();
    expect(await next()).toBe("DISCONNECTED unreachable, again in 125");
  });

  test("a connection that is closed at once, again and again, is not hammered", async () => {
    api.intercept = (seen, reply) => {
      if (!seen.url.searchParams.has("watch")) return false;
      reply.writeHead(200);
      reply.end();
      return true;
    };
    const { take, afterWait } = await watching();
    expect(await take(2)).toEqual(["CONNECTED", "DISCONNECTED in order, again in 125"]);
    expect(await afterWait(125)).toBe("LISTED  @100");
    expect(await take(2)).toEqual(["CONNECTED", "DISCONNECTED in order, again in 250"]);
    await afterWait(250);
    expect(await take(1)).toEqual(["DISCONNECTED in order, again in 500"]);
  });

  test.each([
    ["closes", (reply: Reply) => void reply.writeHead(200).end()],
    ["breaks", (reply: Reply) => void reply.destroy()],
    ["refuses", (reply: Reply) => refuse(reply, 500, "InternalError", "no streams here")],
  ])("where something between %s every watch, lists take its place", async (_, end) => {
    const { take, next } = await watching();
    expect(await take(2)).toEqual(["CONNECTED", "LISTED  @100"]);
    api.intercept = (seen, reply) => {
      if (!seen.url.searchParams.has("watch")) return false;
      end(reply);
      return true;
    };
    server.cut();
    api.put("jobs", "a");
    const listed = async () => {
      for (let step = 0; step < 40; step++) {
        let came = false;
        const coming = next().finally(() => {
          came = true;
        });
        await eventually(() => came || clock.sleeping.some((ms) => ms <= 15_000), "an event or a wait");
        if (!came) clock.advance(Math.min(...clock.sleeping));
        const event = await coming;
        if (event.startsWith("LISTED")) return event;
      }
      return "no list";
    };
    expect(await listed()).toBe("LISTED a @101");
    expect(server.seen.length).toBeLessThanOrEqual(9);
    api.put("jobs", "b");
    expect(await listed()).toBe("LISTED a,b @102");
  });

  test.each([
    ["no JSON", "not json"],
    ["no event", '{"x":1}'],
    ["an unknown type", '{"type":"SURPRISE","object":{"metadata":{}}}'],
    ["a line without end", "x".repeat(5000)],
  ])("%s is a fault of the connection, not of the process", async (_, line) => {
    const { take, next, afterWait } = await watching({ maxLineBytes: 2000 });
    await take(2);
    api.say(line);
    expect(await next()).toBe("DISCONNECTED protocol, again in 125");
    expect(await afterWait(125)).toBe("CONNECTED");
  });

  test("an ERROR event other than 410 keeps the place", async () => {
    api.put("jobs", "a");
    const { take, next, afterWait } = await watching();
    await take(2);
    const details = { retryAfterSeconds: 3 };
    api.say({
      type: "ERROR",
      object: { kind: "Status", code: 500, reason: "InternalError", message: "etcd", details },
    });
    expect(await next()).toBe("DISCONNECTED 500, again in 3125");
    await afterWait(3125);
    expect(asked()[1]).toMatchObject({ resourceVersion: "101" });
  });
});

describe("its end", () => {
  test("without the right to watch it says so and ends", async () => {
    api.intercept = (_, reply) => {
      refuse(reply, 403, "Forbidden", "jobs.batch is forbidden");
      return true;
    };
    const { take } = await watching();
    expect(await take(2)).toEqual(["FORBIDDEN watch jobs", "END"]);
  });

  test.each(["while it waits for events", "while it waits to reconnect"])(
    "aborted %s it ends and closes its connection",
    async (when) => {
      const { take, next } = await watching();
      await take(2);
      if (when.includes("reconnect")) {
        server.cut();
        await next();
      }
      const last = next();
      stop.abort();
      expect(await last).toBe("END");
      await eventually(() => server.sockets.size === 0, "the socket closes");
      expect(clock.sleeping).toEqual([]);
    },
  );
});
