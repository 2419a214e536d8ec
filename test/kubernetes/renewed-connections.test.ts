import { Agent } from "undici";
import { afterEach, expect, test } from "vitest";
import { KubernetesClient } from "../../src/kubernetes/client.ts";
import type { Cluster } from "../../src/kubernetes/cluster.ts";
import { jobs } from "../../src/kubernetes/resource-types.ts";
import { ApiServer, json } from "./support/api-server.ts";
import { LeapingClock } from "./support/clocks.ts";
import { failure, JOB } from "./support/one-client.ts";

let server: ApiServer | undefined;
let agent: Agent | undefined;
afterEach(async () => {
  await agent?.destroy();
  await server?.stop();
});

/** A client whose call gets `old` with its credentials, and all that read the connections after that get others. */
async function clientOf(old: Agent) {
  server = await ApiServer.start((_, reply) => json(reply, 201, JOB));
  agent = new Agent();
  const all = [old, agent];
  const cluster: Cluster = {
    ...{ server: new URL(server.origin), namespace: "runs", source: "kubeconfig", id: "renewed" },
    get dispatcher() {
      return (all.length > 1 ? all.shift() : all[0]) as Agent;
    },
    headers: async () => ({}),
    forgetCredentials: () => undefined,
    close: async () => undefined,
  };
  return { client: new KubernetesClient(cluster, { clock: new LeapingClock() }), server };
}

const endings = {
  "that are being closed": (old: Agent) => void old.close(),
  "that are closed": (old: Agent) => old.close(),
};

test.each(Object.entries(endings))(
  "a create that was about to use connections %s uses the new ones",
  async (_, end) => {
    const old = new Agent();
    await end(old);
    const { client, server } = await clientOf(old);
    expect((await client.create(jobs, "runs", JOB)).metadata.name).toBe("run-1");
    expect(server.seen).toHaveLength(1);
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
