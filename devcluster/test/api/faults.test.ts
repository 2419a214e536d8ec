import { afterEach, describe, expect, it } from "vitest";
import type { Devcluster } from "../../src/index.ts";
import type { Client } from "./client.ts";
import { secret } from "./objects.ts";
import { useCluster } from "./use-cluster.ts";

const SECRETS = "/api/v1/namespaces/default/secrets";
const MAPS = "/api/v1/namespaces/default/configmaps";

let cluster: Devcluster;
let api: Client;

useCluster((opened, client) => {
  [cluster, api] = [opened, client];
});
afterEach(() => cluster.faults.clear());

describe("a fault", () => {
  it("answers with an error as often as it was told, then no more", async () => {
    const fault = cluster.faults.add({
      match: { method: "GET", path: /secrets$/ },
      action: { kind: "respond", code: 429, retryAfter: 7 },
      count: 1,
      skip: 1,
    });
    const codes = [];
    for (let i = 0; i < 3; i++) codes.push(await api.call("GET", SECRETS));
    expect(codes.map(({ code }) => code)).toEqual([200, 429, 200]);
    expect(codes[1]?.headers["retry-after"]).toBe("7");
    expect(codes[1]?.body).toMatchObject({ kind: "Status", reason: "TooManyRequests" });
    expect(fault.hits).toBe(1);
  });

  it("loses the answer but not the write", async () => {
    cluster.faults.add({ match: { method: "POST" }, action: { kind: "drop", when: "after" }, count: 1 });
    await expect(api.call("POST", SECRETS, { body: secret("kept") })).rejects.toThrow();
    expect(cluster.store.get("secrets", "default", "kept")).toBeDefined();
  });

  it("loses the request before anything is written", async () => {
    cluster.faults.add({ match: { method: "POST" }, action: { kind: "drop", when: "before" }, count: 1 });
    await expect(api.call("POST", SECRETS, { body: secret("lost") })).rejects.toThrow();
    expect(cluster.store.get("secrets", "default", "lost")).toBeUndefined();
    expect(cluster.requests.matching("POST", /secrets$/).at(-1)?.status).toBe(0);
  });

  it("cuts an answer after so many bytes: as a reset, or as if it were complete", async () => {
    const cut = { match: { path: /configmaps$/ }, count: 1 } as const;
    cluster.faults.add({ ...cut, action: { kind: "cut", end: "clean", afterBytes: 40 } });
    const { body } = await api.open("GET", MAPS);
    expect((await body.text()).length).toBe(40);
    cluster.faults.add({ ...cut, action: { kind: "cut", end: "reset", afterBytes: 40 } });
    const broken = await api.open("GET", MAPS);
    await expect(broken.body.text()).rejects.toThrow();
  });

  it("cuts a watch after some time", async () => {
    cluster.faults.add({ match: { query: /watch/ }, action: { kind: "cut", end: "clean", afterMilliseconds: 50 } });
    const events = await api.watch(`${MAPS}?watch=1`);
    expect(events.map(({ type }) => type)).toEqual(["ADDED"]);
  });

  it("stalls a watch: nothing comes, nothing ends", async () => {
    cluster.faults.add({ match: { query: /watch/ }, action: { kind: "stall", afterBytes: 1 } });
    const stop = new AbortController();
    const { body } = await api.open("GET", `${MAPS}?watch=1`, {}, stop.signal);
    const reader = body[Symbol.asyncIterator]();
    expect((await reader.next()).value?.length).toBe(1);
    const next = reader.next().then(
      () => "more",
      () => "aborted",
    );
    const { body: more } = await api.call("POST", MAPS, { body: { metadata: { generateName: "x-" } } });
    expect(more.kind).toBe("ConfigMap");
    stop.abort();
    expect(await next).toBe("aborted");
  });

  it("expires a watch that could have been resumed", async () => {
    cluster.faults.add({ match: { query: /watch/ }, action: { kind: "expire" }, count: 1 });
    const path = `${MAPS}?watch=1&resourceVersion=${cluster.store.resourceVersion}`;
    const { code, body } = await api.call("GET", path);
    expect(code).toBe(200);
    expect(body).toMatchObject({ type: "ERROR", object: { code: 410, reason: "Expired" } });
  });

  it("delays the work", async () => {
    cluster.faults.add({ match: { method: "GET" }, action: { kind: "delay", milliseconds: 60 }, count: 1 });
    const before = performance.now();
    await api.call("GET", MAPS);
    expect(performance.now() - before).toBeGreaterThan(55);
  });

  it("is told apart from a restart, which cuts everything that is open", async () => {
    const { body } = await api.open("GET", `${MAPS}?watch=1`);
    const ended = body.text();
    ended.catch(() => {});
    await expect.poll(() => cluster.requests.matching("GET", /configmaps$/).at(-1)?.status).toBe(200);
    cluster.cutConnections();
    await expect(ended).rejects.toThrow();
    expect((await api.call("GET", MAPS)).code).toBe(200);
  });
});

describe("the request log", () => {
  it("tells who asked what, when, and what came of it", async () => {
    cluster.requests.clear();
    await api.call("GET", `${SECRETS}/nothing?x=1`, { headers: { "user-agent": "test/1" } });
    expect([...cluster.requests]).toEqual([
      {
        time: expect.any(Number),
        method: "GET",
        path: `${SECRETS}/nothing`,
        query: "x=1",
        userAgent: "test/1",
        user: "devcluster-admin",
        status: 404,
      },
    ]);
  });
});
