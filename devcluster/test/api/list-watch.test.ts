import { beforeEach, describe, expect, it } from "vitest";
import type { Devcluster } from "../../src/index.ts";
import type { Client } from "./client.ts";
import { pod, secret } from "./objects.ts";
import { useCluster } from "./use-cluster.ts";

let cluster: Devcluster;
let api: Client;
let namespace = 0;
let SECRETS = "";

const names = (items: readonly { metadata: { name: string } }[]) => items.map((item) => item.metadata.name);
const types = (events: { type: string }[]) => events.map(({ type }) => type);

useCluster(
  (opened, client) => {
    [cluster, api] = [opened, client];
  },
  { bookmarkInterval: 100 },
);
beforeEach(async () => {
  namespace += 1;
  await api.call("POST", "/api/v1/namespaces", { body: { metadata: { name: `ns-${namespace}` } } });
  SECRETS = `/api/v1/namespaces/ns-${namespace}/secrets`;
});

async function make(...labels: (string | undefined)[]): Promise<string> {
  let revision = "";
  for (const [i, label] of labels.entries()) {
    const metadata = { name: `s${i}`, ...(label === undefined ? {} : { labels: { a: label } }) };
    revision = (await api.call("POST", SECRETS, { body: { metadata } })).body.metadata.resourceVersion;
  }
  return revision;
}

describe("list", () => {
  it("selects by label and field", async () => {
    await make("x", "y", undefined, "z");
    const select = async (selector: string) =>
      names((await api.call("GET", `${SECRETS}?labelSelector=${encodeURIComponent(selector)}`)).body.items);
    expect(await select("a=x")).toEqual(["s0"]);
    expect(await select("a!=x")).toEqual(["s1", "s2", "s3"]);
    expect(await select("a in (x, y),a")).toEqual(["s0", "s1"]);
    expect(await select("a notin (x,y)")).toEqual(["s2", "s3"]);
    expect(await select("!a")).toEqual(["s2"]);
    const named = await api.call("GET", `${SECRETS}?fieldSelector=metadata.name%3Ds1`);
    expect(names(named.body.items)).toEqual(["s1"]);
    const bad = await api.call("GET", `${SECRETS}?fieldSelector=data.x%3D1`);
    expect(bad).toMatchObject({ code: 400, body: { message: "field label not supported: data.x" } });
    expect((await api.call("GET", `${SECRETS}?labelSelector=a%3D%3D%3Db`)).code).toBe(400);
  });

  it("pages through with continue tokens, at one revision", async () => {
    await make("a", "b", "c");
    const first = (await api.call("GET", `${SECRETS}?limit=2`)).body;
    expect(names(first.items)).toEqual(["s0", "s1"]);
    expect(first.metadata.remainingItemCount).toBe(1);
    const next = (await api.call("GET", `${SECRETS}?limit=2&continue=${first.metadata.continue}`)).body;
    expect(names(next.items)).toEqual(["s2"]);
    expect(next.metadata).toEqual({ resourceVersion: first.metadata.resourceVersion });
    cluster.store.compact();
    await make();
    await api.call("POST", SECRETS, { body: secret("later") });
    cluster.store.compact();
    const late = await api.call("GET", `${SECRETS}?limit=2&continue=${first.metadata.continue}`);
    expect(late).toMatchObject({ code: 410, body: { reason: "Expired" } });
  });

  it("answers for revisions as measured: the past is gone, the future a timeout", async () => {
    const past = await api.call("GET", `${SECRETS}?resourceVersion=1&resourceVersionMatch=Exact`);
    expect(past).toMatchObject({ code: 410, body: { reason: "Expired" } });
    const future = await api.call("GET", `${SECRETS}?resourceVersion=99999999`);
    expect(future.code).toBe(504);
    expect(future.body.message).toContain("Too large resource version: 99999999");
    expect((await api.call("GET", `${SECRETS}?resourceVersion=soon`)).code).toBe(400);
  });

  it("leaves kind out of the items, and says it of the list", async () => {
    await make("a");
    const { body } = await api.call("GET", SECRETS);
    expect(body).toMatchObject({ kind: "SecretList", apiVersion: "v1" });
    expect(body.items).toHaveLength(1);
    expect(body.items[0]?.kind).toBeUndefined();
  });
});

describe("watch", () => {
  it("tells the present, then what happens, and ends cleanly after timeoutSeconds", async () => {
    await make("x");
    const seen = api.watch(`${SECRETS}?watch=true&timeoutSeconds=1`);
    await expect
      .poll(() => cluster.requests.matching("GET", /secrets$/).some(({ query }) => query.includes("watch")))
      .toBe(true);
    await api.call("DELETE", `${SECRETS}/s0`);
    expect(types(await seen)).toEqual(["ADDED", "DELETED"]);
  });

  it("resumes after a resourceVersion", async () => {
    const revision = await make("a");
    await api.call("POST", SECRETS, { body: secret("next") });
    const events = await api.watch(`${SECRETS}?watch=1&resourceVersion=${revision}`, ({ length }) => length === 1);
    expect(names(events.map(({ object }) => object))).toEqual(["next"]);
  });

  it("tells an object that leaves the selection as DELETED, one that enters as ADDED", async () => {
    const revision = await make("in");
    const label = (a: string) =>
      api.call("PATCH", `${SECRETS}/s0`, {
        body: { metadata: { labels: { a } } },
        headers: { "content-type": "application/merge-patch+json" },
      });
    await label("out");
    await label("in");
    const path = `${SECRETS}?watch=1&labelSelector=a%3Din&resourceVersion=${revision}`;
    const events = await api.watch(path, ({ length }) => length === 2);
    expect(types(events)).toEqual(["DELETED", "ADDED"]);
    expect(events[0]?.object.metadata.labels).toEqual({ a: "in" });
  });

  it("marks the end of the initial events, then bookmarks on and on", async () => {
    await make("x", "y");
    const query = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    const events = await api.watch(`${SECRETS}?${query}`, ({ length }) => length === 4);
    expect(types(events)).toEqual(["ADDED", "ADDED", "BOOKMARK", "BOOKMARK"]);
    expect(events[2]?.object.metadata.annotations).toEqual({ "k8s.io/initial-events-end": "true" });
    expect(events[3]?.object.metadata.annotations).toBeUndefined();
    const bare = await api.call("GET", `${SECRETS}?watch=1&sendInitialEvents=true`);
    expect(bare.code).toBe(422);
  });

  it("answers a revision it has forgotten with 200 and an ERROR event", async () => {
    const { code, body } = await api.call("GET", `${SECRETS}?watch=true&resourceVersion=1`);
    expect(code).toBe(200);
    expect(body).toMatchObject({ type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired" } });
    expect(body.object.message).toMatch(/^too old resource version: 1 \(\d+\)$/);
  });

  it("says nothing of a future revision until it comes", async () => {
    const future = Number(cluster.store.resourceVersion) + 2;
    const seen = api.watch(`${SECRETS}?watch=1&resourceVersion=${future}`, ({ length }) => length === 1);
    await expect
      .poll(() => cluster.requests.matching("GET", /secrets$/).some(({ query }) => query.endsWith(`=${future}`)))
      .toBe(true);
    await make("a", "b", "c");
    expect(names((await seen).map(({ object }) => object))).toEqual(["s2"]);
  });

  it("sends Tables to whoever asks for them, with columns in the first only", async () => {
    const pods = `/api/v1/namespaces/ns-${namespace}/pods`;
    await api.call("POST", pods, { body: pod("a") });
    await api.call("POST", pods, { body: pod("b") });
    const accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    const { body } = await api.open("GET", `${pods}?watch=1&timeoutSeconds=1`, { headers: { accept } });
    const events = (await body.text())
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const tables = events.slice(0, 2).map(({ object }) => object);
    expect(tables[0].columnDefinitions.slice(0, 3).map(({ name }: { name: string }) => name)).toEqual([
      "Name",
      "Ready",
      "Status",
    ]);
    expect(tables.map(({ rows }) => rows[0].cells.slice(0, 4))).toEqual([
      ["a", "0/1", "Pending", "0"],
      ["b", "0/1", "Pending", "0"],
    ]);
    expect(tables[1].columnDefinitions).toBeNull();
  });
});
