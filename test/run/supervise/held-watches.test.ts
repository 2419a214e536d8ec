/** Which watches the supervisor keeps up from one look to the next, on an API that knows its connections. */
import { copyFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ClusterRegistry } from "../../../src/kubernetes/cluster-registry.ts";
import type { Place } from "../../../src/run/supervise/places/places.ts";
import { HeldWatches } from "../../../src/run/supervise/supervise.ts";
import { ApiServer, refuse } from "../../kubernetes/support/api-server.ts";
import { CollectionApi } from "../../kubernetes/support/collection-api.ts";
import { eventually } from "../../kubernetes/support/eventually.ts";

// Real sockets on a machine that may be busy: nothing here waits that long when all is well.
vi.setConfig({ testTimeout: 30_000 });

let server: ApiServer;
let api: CollectionApi;
let registry: ClusterRegistry;
let stop: AbortController;
let watches: HeldWatches;
let place: Place;
beforeEach(async () => {
  api = new CollectionApi();
  server = await ApiServer.start(api.handler, "h2");
  registry = new ClusterRegistry();
  stop = new AbortController();
  watches = new HeldWatches(stop.signal);
  place = { cluster: { kubeconfig: await server.kubeconfig() }, namespace: "runs" };
});
afterEach(async () => {
  stop.abort();
  await server.stop();
});

/** As after a look. */
async function settle(isWanted: boolean, where = place): Promise<void> {
  const lease = await registry.acquire(where.cluster);
  await watches.settle(where, lease, lease.observer("runs", "a=b"), isWanted);
  await lease.release();
}

const watchersAre = (count: number): Promise<void> =>
  eventually(() => api.watchers.size === count, `${count} watchers`);
/** Of a cluster whose last lease is given back all connections are closed. */
const allIsClosed = (): Promise<void> => eventually(() => server.sockets.size === 0, "no connection");

it("holds a pair of watches once, however often it is wanted, and nothing when it is wanted no more", async () => {
  for (let look = 0; look < 3; look++) await settle(true);
  await watchersAre(2);
  expect(server.seen).toHaveLength(2);
  await settle(false);
  await watchersAre(0);
  await allIsClosed();
});

it("holds those of the cluster that a changed kubeconfig names, and no others", async () => {
  await settle(true);
  await watchersAre(2);
  await copyFile(await server.kubeconfig({ token: "another" }), place.cluster.kubeconfig ?? "");
  await settle(true);
  await eventually(
    () => [...api.watchers].every(({ seen }) => seen.headers.authorization === "Bearer another"),
    "the new user's watches",
  );
  await watchersAre(2);
});

it("lets go of places that are not named any more, and of all when it is stopped", async () => {
  await settle(true);
  await watches.keepOnly([place]);
  await watchersAre(2);
  await watches.keepOnly([]);
  await allIsClosed();
  await settle(true);
  await watchersAre(2);
  stop.abort();
  await allIsClosed();
  await settle(true);
  await allIsClosed();
});

it("holds nothing for a while where the right to watch is missing", async () => {
  api.intercept = (seen, reply) => {
    if (!seen.url.searchParams.has("watch")) return false;
    refuse(reply, 403, "Forbidden", "cannot watch");
    return true;
  };
  await settle(true);
  const lease = await registry.acquire(place.cluster);
  const observer = lease.observer("runs", "a=b");
  await eventually(() => observer.health?.jobs.state === "polling", "a list takes its place");
  await settle(true);
  expect(observer.health).toBeUndefined();
  api.intercept = () => false;
  await settle(true);
  expect(observer.health).toBeUndefined();
  await lease.release();
  await allIsClosed();
});
