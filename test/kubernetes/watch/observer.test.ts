import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { KubernetesClient } from "../../../src/kubernetes/client.ts";
import {
  type Observation,
  type ObservationFilter,
  Observer,
  type ObserverOptions,
} from "../../../src/kubernetes/watch/observer.ts";
import { ApiServer, refuse } from "../support/api-server.ts";
import { ManualClock } from "../support/clocks.ts";
import { CollectionApi } from "../support/collection-api.ts";
import { eventually } from "../support/eventually.ts";

// Real sockets on a machine that may be busy: nothing here waits that long when all is well.
vi.setConfig({ testTimeout: 30_000 });

let server: ApiServer;
let api: CollectionApi;
let clock: ManualClock;
const leaving: (() => void)[] = [];

beforeEach(async () => {
  api = new CollectionApi();
  server = await ApiServer.start(api.handler, "h2");
  clock = new ManualClock();
});
afterEach(async () => {
  for (const leave of leaving.splice(0)) leave();
  await server.stop();
});

async function observerOf(options: Partial<ObserverOptions> = {}) {
  const client = new KubernetesClient(await server.cluster(), { clock, random: () => 0.5 });
  return new Observer(client, { namespace: "runs", labelSelector: "a=b", ...options });
}

/** Listens, and keeps what was told. */
function listen(observer: Observer, filter?: ObservationFilter) {
  const told: string[] = [];
  const objects: Observation[] = [];
  const leave = observer.observe(filter, (observation) => {
    objects.push(observation);
    told.push(`${observation.type} ${observation.resource}/${observation.object.metadata.name}`);
  });
  leaving.push(leave);
  return { told, objects, leave };
}

const tells = (told: readonly string[], ...expected: string[]) =>
  eventually(() => expected.every((each) => told.includes(each)), `${expected} of ${told}`);

describe("one observer", () => {
  test("serves any number of listeners over two watches and one connection", async () => {
    api.put("jobs", "run-1");
    api.put("pods", "run-1-x");
    const observer = await observerOf();
    const listeners = Array.from({ length: 50 }, () => listen(observer));
    await observer.synced();
    api.put("pods", "run-1-x");
    for (const { told } of listeners)
      await tells(told, "ADDED jobs/run-1", "ADDED pods/run-1-x", "MODIFIED pods/run-1-x");
    expect(server.seen).toHaveLength(2);
    expect(server.connections).toBe(1);
  });

  test("tells a late listener what there is, before observe() returns", async () => {
    api.put("jobs", "run-1");
    const observer = await observerOf();
    listen(observer);
    await observer.synced();
    expect(listen(observer).told).toEqual(["CURRENT jobs/run-1"]);
    expect(listen(observer, (seen) => seen.resource === "pods").told).toEqual([]);
  });

  test("tells a listener of one Job of that Job and its pods, and of no other", async () => {
    const { uid } = api.put("jobs", "run-1").metadata;
    api.put("jobs", "run-2");
    const owned = (name: string, job: string) => {
      const ownerReferences = [{ apiVersion: "batch/v1", kind: "Job", name: "run", uid: job }];
      const metadata = { name, namespace: "runs", uid: `uid-of-${name}`, resourceVersion: String(api.version + 1) };
      return api.put("pods", name, { metadata: { ...metadata, ownerReferences } });
    };
    owned("run-1-x", uid);
    owned("run-2-x", "another");
    const observer = await observerOf();
    const all = listen(observer);
    await observer.synced();
    const ofJob = listen(observer, { jobUid: uid });
    expect(ofJob.told).toEqual(["CURRENT jobs/run-1", "CURRENT pods/run-1-x"]);
    owned("run-2-x", "another");
    owned("run-1-x", uid);
    api.remove("pods", "run-1-x");
    api.put("jobs", "run-2");
    api.put("jobs", "run-1");
    await tells(all.told, "MODIFIED jobs/run-1", "DELETED pods/run-1-x", "MODIFIED pods/run-2-x");
    const changes = ofJob.told.slice(2).toSorted();
    expect(changes).toEqual(["DELETED pods/run-1-x", "MODIFIED jobs/run-1", "MODIFIED pods/run-1-x"]);
    expect(listen(observer, { jobUid: uid }).told).toEqual(["CURRENT jobs/run-1"]);
    ofJob.leave();
    api.put("jobs", "run-1");
    api.put("jobs", "last");
    await tells(all.told, "ADDED jobs/last");
    expect(ofJob.told).toHaveLength(5);
  });

  test("gives the last state of what was deleted", async () => {
    api.put("pods", "p");
    const observer = await observerOf();
    const { told, objects } = listen(observer);
    await observer.synced();
    api.remove("pods", "p", {
      status: { containerStatuses: [{ state: { terminated: { exitCode: 137, message: "seal" } } }] },
    });
    await tells(told, "DELETED pods/p");
    expect(objects.at(-1)?.object.status).toMatchObject({
      containerStatuses: [{ state: { terminated: { message: "seal" } } }],
    });
  });

  test("a listener that throws is counted, and everybody goes on being told", async () => {
    const warnings: string[] = [];
    const observer = await observerOf({ warn: (message) => warnings.push(message) });
    let calls = 0;
    leaving.push(
      observer.observe(undefined, () => {
        calls++;
        throw new Error("a bug");
      }),
    );
    const { told } = listen(observer);
    await observer.synced();
    api.put("jobs", "a");
    api.put("jobs", "b");
    await tells(told, "ADDED jobs/a", "ADDED jobs/b");
    expect(calls).toBe(2);
    expect(observer.health).toMatchObject({ listenerErrors: 2, jobs: { state: "watching" } });
    expect(warnings).toEqual(["an observer's listener threw: a bug", "an observer's listener threw: a bug"]);
  });

  test("a gap is filled by what a new list shows: gone, changed, new", async () => {
    api.put("pods", "gone");
    api.put("pods", "changed");
    const observer = await observerOf();
    const { told, objects } = listen(observer);
    await observer.synced();
    api.intercept = (_, reply) => {
      reply.socket?.destroy();
      return true;
    };
    server.cut();
    await eventually(() => observer.health?.pods.state === "disconnected", "the cut is noticed");
    expect(observer.health?.pods).toMatchObject({ error: { kind: "unreachable" } });
    api.remove("pods", "gone");
    api.put("pods", "changed");
    api.put("pods", "new");
    api.expire();
    api.intercept = () => false;
    await moveUntil(() => told.includes("GONE pods/gone"));
    await tells(told, "GONE pods/gone", "MODIFIED pods/changed", "ADDED pods/new");
    expect(objects.find((seen) => seen.type === "GONE")?.object.metadata.name).toBe("gone");
  });
});

describe("what it shows without a request", () => {
  const owned = (name: string, job: string) => {
    const ownerReferences = [{ apiVersion: "batch/v1", kind: "Job", name: "run", uid: job }];
    const metadata = { name, namespace: "runs", uid: `uid-of-${name}`, resourceVersion: String(api.version + 1) };
    return api.put("pods", name, { metadata: { ...metadata, ownerReferences } });
  };

  test("is everything as it is now, once all of it is known", async () => {
    const { uid } = api.put("jobs", "run-1").metadata;
    owned("run-1-x", uid);
    const observer = await observerOf();
    expect(observer.seen).toBeNull();
    const { told, leave } = listen(observer);
    expect(observer.seen).toBeNull();
    await observer.synced();
    const { seen } = observer;
    expect([...(seen?.jobs() ?? [])].map(({ metadata }) => metadata.name)).toEqual(["run-1"]);
    expect(seen?.podsOf(uid).map(({ metadata }) => metadata.name)).toEqual(["run-1-x"]);
    api.put("jobs", "run-2");
    api.remove("jobs", "run-1");
    await tells(told, "ADDED jobs/run-2", "DELETED jobs/run-1");
    expect([...(seen?.jobs() ?? [])].map(({ metadata }) => metadata.name)).toEqual(["run-2"]);
    expect(seen?.job(uid)).toBeUndefined();
    expect(server.seen).toHaveLength(2);
    leave();
    expect(observer.seen).toBeNull();
  });

  test("is nothing while a watch is down, or has not been heard of for longer than bookmarks take", async () => {
    const observer = await observerOf();
    listen(observer);
    await observer.synced();
    clock.advance(89_000);
    expect(observer.seen).not.toBeNull();
    clock.advance(1_000);
    expect(observer.seen).toBeNull();
    api.bookmark();
    await eventually(() => observer.seen !== null, "the bookmarks are taken in");
    api.intercept = (_, reply) => {
      reply.socket?.destroy();
      return true;
    };
    server.cut();
    await eventually(() => observer.health?.pods.state === "disconnected", "the cut is noticed");
    expect(observer.seen).toBeNull();
  });
});

describe("its life", () => {
  test("begins with the first listener, ends with the last, and may begin again", async () => {
    const observer = await observerOf();
    expect(observer.health).toBeUndefined();
    const first = listen(observer);
    const second = listen(observer);
    await observer.synced();
    first.leave();
    first.leave();
    expect(api.watchers.size).toBe(2);
    second.leave();
    await observer.idle();
    await eventually(() => api.watchers.size === 0, "both watches are closed at the server");
    expect(clock.sleeping).toEqual([]);
    api.put("jobs", "later");
    const third = listen(observer);
    await tells(third.told, "ADDED jobs/later");
    expect(first.told).toEqual([]);
  });

  test("goes on for somebody who is told nothing", async () => {
    const observer = await observerOf();
    const leave = observer.hold();
    await observer.synced();
    listen(observer).leave();
    expect(observer.health?.jobs.state).toBe("watching");
    leave();
    leave();
    expect(observer.health).toBeUndefined();
    await observer.idle();
  });

  test("synced() ends with its signal and with the observer", async () => {
    api.intercept = () => true;
    const observer = await observerOf();
    await expect(observer.synced()).rejects.toThrow("needs a listener");
    const { leave } = listen(observer);
    await expect(observer.synced(AbortSignal.abort("enough"))).rejects.toBe("enough");
    const waiting = observer.synced();
    leave();
    await expect(waiting).rejects.toThrow("the last listener has left");
  });
});

describe("without the right to watch", () => {
  const MISSING = (resources: string) =>
    `the right "watch" on ${resources} in namespace "runs" is missing: a list each 5 s takes its place, which shows ends later and may miss their reason`;
  const forbidWatch = () => {
    api.intercept = (seen, reply) => {
      if (!seen.url.searchParams.has("watch")) return false;
      refuse(reply, 403, "Forbidden", "cannot watch");
      return true;
    };
  };

  test("it reads lists instead, says once which rights are missing, and sees ends as GONE", async () => {
    forbidWatch();
    api.put("pods", "p");
    const warnings: string[] = [];
    const observer = await observerOf({ warn: (message) => warnings.push(message) });
    const { told } = listen(observer);
    await observer.synced();
    expect(told).toEqual(["ADDED pods/p"]);
    api.remove("pods", "p");
    await moveUntil(() => told.includes("GONE pods/p") && warnings.length > 0, 5000);
    await moveUntil(() => server.seen.length > 20, 5000);
    expect(warnings).toEqual([MISSING('"jobs" and "pods"')]);
    expect(observer.health).toMatchObject({
      jobs: { state: "polling" },
      pods: { state: "polling", error: { forbidden: true } },
    });
  });

  test("it says so again when other rights are missing, and after an hour", async () => {
    const forbidden = new Set(["jobs"]);
    api.intercept = (seen, reply) => {
      const isForbidden =
        seen.url.searchParams.has("watch") && forbidden.has(seen.url.pathname.split("/").at(-1) ?? "");
      if (isForbidden) refuse(reply, 403, "Forbidden", "cannot watch");
      return isForbidden;
    };
    const warnings: string[] = [];
    const observer = await observerOf({ warn: (message) => warnings.push(message) });
    const began = clock.now();
    listen(observer);
    const told = (count: number) => moveUntil(() => warnings.length === count, 60_000);
    await told(1);
    forbidden.add("pods");
    server.cut();
    await told(2);
    expect(clock.now() - began).toBeLessThan(60 * 60_000);
    clock.advance(60 * 60_000);
    await told(3);
    const both = MISSING('"jobs" and "pods"');
    expect(warnings).toEqual([MISSING('"jobs"'), both, both]);
  });

  test("a refusal by a server that has just started is not believed at once", async () => {
    forbidWatch();
    const warnings: string[] = [];
    const observer = await observerOf({ warn: (message) => warnings.push(message) });
    listen(observer);
    await observer.synced();
    api.intercept = () => false;
    await moveUntil(
      () => observer.health?.jobs.state === "watching" && observer.health.pods.state === "watching",
      5000,
    );
    expect(warnings).toEqual([]);
  });

  test("nor the right to list: it says so, goes on trying, and takes it back when the right comes", async () => {
    api.intercept = (_, reply) => {
      refuse(reply, 403, "Forbidden", "cannot");
      return true;
    };
    const observer = await observerOf();
    const { told } = listen(observer);
    const denied = observer.denied();
    await moveUntil(() => observer.health?.jobs.error?.verb === "list", 1000);
    expect(observer.health?.jobs.state).toBe("disconnected");
    // A server that has just started refuses what it will soon allow: the first word is not believed.
    expect(observer.denial).toBeUndefined();
    await moveUntil(() => observer.denial !== undefined, 40_000);
    expect(await denied).toMatchObject({ forbidden: true, verb: "list", namespace: "runs" });
    expect(await observer.denied()).toMatchObject({ forbidden: true });
    api.put("jobs", "a");
    api.intercept = () => false;
    await moveUntil(() => told.includes("ADDED jobs/a") && observer.denial === undefined, 40_000);
  });

  test("nor anything, with credentials that are no longer taken", async () => {
    const observer = await observerOf();
    listen(observer);
    await observer.synced();
    api.intercept = (_, reply) => {
      refuse(reply, 401, "Unauthorized", "Unauthorized");
      return true;
    };
    server.cut();
    // A token is being rotated, as a rule.
    await moveUntil(() => (observer.health?.pods.error?.unauthorized ?? false) && server.seen.length > 10, 20_000);
    expect(observer.denial).toBeUndefined();
    await moveUntil(() => observer.denial !== undefined, 80_000);
    expect(await observer.denied()).toMatchObject({ unauthorized: true });
  });

  test("a server that cannot be reached denies nothing", async () => {
    const observer = await observerOf();
    const { leave } = listen(observer);
    await observer.synced();
    const denied = observer.denied();
    api.intercept = (_, reply) => {
      refuse(reply, 503, "ServiceUnavailable", "later");
      return true;
    };
    server.cut();
    await moveUntil(() => server.seen.length > 10, 40_000);
    expect(observer.denial).toBeUndefined();
    leave();
    await expect(denied).rejects.toThrow("the last listener has left");
  });
});

describe("what an hour costs", () => {
  test("a quiet hour, whatever the number of runs: at most 12 requests, of which every tenth minute one list", async () => {
    api.put("jobs", "run-1");
    api.put("pods", "run-1-x");
    const observer = await observerOf();
    const listeners = Array.from({ length: 20 }, () => listen(observer));
    await observer.synced();
    const ends = new Map([...api.watchers].map((watcher) => [watcher, clock.now() + lifetimeOf(watcher)]));
    for (let minute = 1; minute <= 60; minute++) {
      clock.advance(60_000);
      for (const watcher of api.watchers) {
        if (!ends.has(watcher)) ends.set(watcher, clock.now() + lifetimeOf(watcher));
        if ((ends.get(watcher) ?? 0) <= clock.now()) api.end(watcher);
      }
      await quiet(observer);
    }
    const kinds = server.seen.map((seen) => seen.url.searchParams.get("watch") ?? "list");
    expect(kinds.filter((kind) => kind === "list").length).toBe(6);
    expect(kinds.filter((kind) => kind === "true").length).toBe(4);
    expect(kinds.length).toBeLessThanOrEqual(12);
    for (const { told } of listeners) expect(told).toEqual(["ADDED jobs/run-1", "ADDED pods/run-1-x"]);
  });

  test("what a watch has kept silent about is found by the list, and told once a bookmark shows that it was not late", async () => {
    api.put("pods", "p");
    const observer = await observerOf({ resyncMs: 60_000 });
    const { told } = listen(observer);
    await observer.synced();
    api.objects.delete("pods/p");
    api.version++;
    const lists = () =>
      server.seen.filter((seen) => seen.url.pathname.endsWith("/pods") && !seen.url.searchParams.has("watch"));
    for (let round = 0; round < 10 && told.length === 1; round++) {
      expect(told).toEqual(["ADDED pods/p"]);
      clock.advance(60_000);
      await quiet(observer);
    }
    expect(lists()).not.toEqual([]);
    expect(told).toEqual(["ADDED pods/p", "GONE pods/p"]);
  });
});

test("a watch that was away for long and has only connected again does not count as current", async () => {
  api.put("jobs", "run-1");
  const observer = await observerOf();
  listen(observer);
  await observer.synced();
  await quiet(observer);
  expect(observer.seen).not.toBeNull();
  const { watchers } = api;
  const before = [...watchers];
  // As after a freeze: twenty minutes have passed for the cluster, and none of them was heard of.
  clock.advance(20 * 60_000);
  for (const watcher of before) api.end(watcher);
  await moveUntil(
    () =>
      watchers.size === 2 && before.every((one) => !watchers.has(one)) && observer.health?.jobs.state === "watching",
  );
  expect(observer.seen).toBeNull();
  api.bookmark();
  await eventually(() => observer.seen !== null, "the bookmark");
});

const lifetimeOf = (watcher: { seen: { url: URL } }) =>
  Number(watcher.seen.url.searchParams.get("timeoutSeconds")) * 1000;

/** Lets everything under way come to rest: both watches stand, both have heard a bookmark of this very moment. */
async function quiet(observer: Observer): Promise<void> {
  const heard = () =>
    observer.health?.jobs.lastContactAt === clock.now() && observer.health.pods.lastContactAt === clock.now();
  await eventually(() => {
    const wait = clock.sleeping.find((ms) => ms < 1000);
    if (wait !== undefined) clock.advance(wait);
    // Asleep at rest: the two that listen for silence, and the one that waits for the next comparison.
    return api.watchers.size === 2 && clock.sleeping.length === 3;
  }, "both watches stand");
  api.bookmark();
  await eventually(heard, "both watches have heard the bookmark");
}

/** Moves the clock over each wait of at most so many milliseconds until something has happened. */
async function moveUntil(condition: () => boolean, longestMs = 1000): Promise<void> {
  await eventually(() => {
    const waits = clock.sleeping.filter((ms) => ms > 0 && ms <= longestMs);
    if (!condition() && waits.length > 0) clock.advance(Math.min(...waits));
    return condition();
  }, "the condition, while the clock moves");
}
