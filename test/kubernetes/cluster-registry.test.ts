import { writeFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ClusterRegistry } from "../../src/kubernetes/cluster-registry.ts";
import { pods } from "../../src/kubernetes/resource-types.ts";
import { ApiServer, refuse } from "./support/api-server.ts";
import { ManualClock } from "./support/clocks.ts";
import { CollectionApi } from "./support/collection-api.ts";
import { eventually } from "./support/eventually.ts";

// Real sockets on a machine that may be busy: nothing here waits that long when all is well.
vi.setConfig({ testTimeout: 30_000 });

let server: ApiServer;
let api: CollectionApi;
beforeEach(async () => {
  api = new CollectionApi();
  server = await ApiServer.start(api.handler, "h2");
});
afterEach(() => server.stop());

test("runs of one kubeconfig share client, connection and observer; the last one out closes them", async () => {
  const registry = new ClusterRegistry();
  const kubeconfig = await server.kubeconfig();
  const leases = await Promise.all(Array.from({ length: 10 }, () => registry.acquire({ kubeconfig })));
  const [first] = leases;
  if (!first) throw new Error("no lease");
  expect(new Set(leases.map((lease) => lease.client)).size).toBe(1);
  expect(new Set(leases.map((lease) => lease.observer("runs", "a=b"))).size).toBe(1);
  expect(first.observer("runs", "a=c")).not.toBe(first.observer("runs", "a=b"));
  expect(first.observer("others", "a=b")).not.toBe(first.observer("runs", "a=b"));

  const leave = leases.map((lease) => lease.observer("runs", "a=b").observe(undefined, () => undefined));
  await first.observer("runs", "a=b").synced();
  expect(server.connections).toBe(1);
  expect(server.seen).toHaveLength(2);

  for (const each of leave) each();
  for (const lease of leases.slice(1)) await lease.release();
  await first.client.list(pods, "runs");
  expect(server.sockets.size).toBe(1);
  await first.release();
  await first.release();
  await eventually(() => server.sockets.size === 0, "the connection closes");
});

test("a kubeconfig that changed is another cluster for new runs, while old runs keep theirs", async () => {
  const registry = new ClusterRegistry();
  const kubeconfig = await server.kubeconfig({ token: "one" });
  const old = await registry.acquire({ kubeconfig });
  const changed = await server.kubeconfig({ token: "two" });
  const { readFile } = await import("node:fs/promises");
  await writeFile(kubeconfig, await readFile(changed, "utf8"));
  const fresh = await registry.acquire({ kubeconfig });
  expect(fresh.client).not.toBe(old.client);
  await old.client.list(pods, "runs");
  await fresh.client.list(pods, "runs");
  expect(server.seen.map((seen) => seen.headers.authorization)).toEqual(["Bearer one", "Bearer two"]);
  await old.release();
  await fresh.client.list(pods, "runs");
  await fresh.release();
});

test("what cannot be opened leaves nothing behind", async () => {
  const registry = new ClusterRegistry();
  await expect(registry.acquire({ kubeconfig: "/nonexistent" })).rejects.toMatchObject({ code: "missing" });
});

test("rights that are missing are told once, however often the watches are begun anew, and by cluster", async () => {
  api.intercept = (seen, reply) => {
    if (!seen.url.searchParams.has("watch")) return false;
    refuse(reply, 403, "Forbidden", "cannot watch");
    return true;
  };
  const warnings: string[] = [];
  const clock = new ManualClock();
  const registry = new ClusterRegistry({ clock, random: () => 0.5, warn: (message) => warnings.push(message) });
  const watchOnce = async (kubeconfig: string): Promise<void> => {
    const lease = await registry.acquire({ kubeconfig });
    const before = server.seen.length;
    const leave = lease.observer("runs", "a=b").hold();
    const asked = (resource: string) => {
      const urls = server.seen.slice(before).map(({ url }) => url);
      return urls.filter(({ pathname }) => pathname.endsWith(resource)).length;
    };
    // A watch, a list and the same again: the list takes the place of a watch that was refused twice.
    await eventually(() => {
      if (clock.sleeping.some((ms) => ms <= 5000)) clock.advance(5000);
      return asked("jobs") >= 4 && asked("pods") >= 4;
    }, "lists take the place of both watches");
    leave();
    await lease.observer("runs", "a=b").idle();
    await lease.release();
  };
  const kubeconfig = await server.kubeconfig();
  for (let time = 0; time < 3; time++) await watchOnce(kubeconfig);
  expect(warnings).toEqual([expect.stringContaining('the right "watch" on "jobs" and "pods" in namespace "runs"')]);
  await watchOnce(await server.kubeconfig({ token: "another" }));
  expect(warnings).toHaveLength(2);
});
