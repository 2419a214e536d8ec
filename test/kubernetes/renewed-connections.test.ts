import { Agent } from "undici";
import { afterEach, expect, test } from "vitest";
import { KubernetesClient } from "../../src/kubernetes/client.ts";
import type { Cluster } from "../../src/kubernetes/cluster.ts";
import { jobs } from "../../src/kubernetes/resource-types.ts";
import { ApiServer, json, type Reply } from "./support/api-server.ts";
import { LeapingClock } from "./support/clocks.ts";
import { failure, JOB } from "./support/one-client.ts";

let server: ApiServer | undefined;
let agent: Agent | undefined;
afterEach(async () => {
  await agent?.destroy();
  await server?.stop();
});

/** A client whose call gets `old` with its credentials; whoever reads the connections after that gets others. */
function clientOf(old: Agent, { origin }: ApiServer): KubernetesClient {
  agent = new Agent();
  const all = [old, agent];
  const cluster: Cluster = {
    ...{ server: new URL(origin), namespace: "runs", source: "kubeconfig", id: "renewed" },
    get dispatcher() {
      return (all.length > 1 ? all.shift() : all[0]) as Agent;
    },
    headers: async () => ({}),
    forgetCredentials: () => undefined,
    close: async () => undefined,
  };
  return new KubernetesClient(cluster, { clock: new LeapingClock() });
}

test.each([true, false])(
  "a create that was to use replaced connections uses the new ones (others busy: %s)",
  async (isBusy) => {
    const begun = Promise.withResolvers<Reply>();
    server = await ApiServer.start((seen, reply) =>
      seen.method === "GET" ? begun.resolve(reply) : json(reply, 201, JOB),
    );
    const old = new Agent();
    const busy = isBusy && old.request({ origin: server.origin, path: "/", method: "GET" });
    if (isBusy) await begun.promise;
    const closed = old.close();
    if (!isBusy) await closed;
    expect((await clientOf(old, server).create(jobs, "runs", JOB)).metadata.name).toBe("run-1");
    expect(server.seen.filter(({ method }) => method === "POST")).toHaveLength(1);
    if (!busy) return;
    json(await begun.promise, 200, {});
    await (await busy).body.dump();
    await closed;
  },
);

test("a client that was ended stays so", async () => {
  server = await ApiServer.start((_, reply) => json(reply, 200, JOB));
  const cluster = await server.cluster();
  const client = new KubernetesClient(cluster, { clock: new LeapingClock() });
  await client.get(jobs, "runs", "run-1");
  await cluster.close();
  expect(await failure(client.get(jobs, "runs", "run-1"))).toMatchObject({
    code: "UND_ERR_DESTROYED",
    transient: false,
  });
});
