import { afterEach, expect, test, vi } from "vitest";
import { missingRights, nameOf } from "../../src/kubernetes/access.ts";
import { KubernetesClient } from "../../src/kubernetes/client.ts";
import { ApiServer, json, refuse } from "./support/api-server.ts";
import { LeapingClock } from "./support/clocks.ts";

// Real sockets on a machine that may be busy: nothing here waits that long when all is well.
vi.setConfig({ testTimeout: 30_000 });

let server: ApiServer;
afterEach(() => server.stop());

const RIGHTS = [
  { verb: "create", group: "batch", resource: "jobs", namespace: "runs" },
  { verb: "get", group: "", resource: "pods/log", namespace: "runs" },
  { verb: "watch", group: "", resource: "pods", namespace: "runs" },
  { verb: "list", group: "", resource: "nodes" },
];

test("names what is missing as kubectl would, each with the authorizer's reason", async () => {
  const asked: unknown[] = [];
  server = await ApiServer.start((seen, reply) => {
    const { spec } = JSON.parse(seen.body);
    asked.push(spec.resourceAttributes);
    const { verb } = spec.resourceAttributes;
    const allowed = verb === "create" || verb === "watch";
    json(reply, 201, { status: { allowed, ...(!allowed && { reason: "no RBAC policy matched" }) } });
  });
  const client = new KubernetesClient(await server.cluster());
  const missing = await missingRights(client, RIGHTS);
  expect(missing.map(({ sentence, reason }) => [sentence, reason])).toEqual([
    ['get pods/log in namespace "runs"', "no RBAC policy matched"],
    ["list nodes", "no RBAC policy matched"],
  ]);
  expect(server.seen[0]?.url.pathname).toBe("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews");
  expect(asked).toContainEqual({ verb: "get", group: "", resource: "pods", subresource: "log", namespace: "runs" });
  expect(asked).toContainEqual({ verb: "list", group: "", resource: "nodes" });
});

test("a group is part of the name", () => {
  expect(RIGHTS.map(nameOf)[0]).toBe('create jobs.batch in namespace "runs"');
});

test("asking twice does no harm, so a lost answer is asked for again; what cannot be found out is an error", async () => {
  let calls = 0;
  server = await ApiServer.start((_, reply) => {
    if (++calls === 1) return void reply.socket?.resetAndDestroy();
    return json(reply, 201, { status: { allowed: true } });
  });
  const client = new KubernetesClient(await server.cluster(), { clock: new LeapingClock() });
  expect(await missingRights(client, RIGHTS.slice(0, 1))).toEqual([]);
  expect(calls).toBe(2);
  server.handler = (_, reply) => refuse(reply, 401, "Unauthorized", "Unauthorized");
  await expect(missingRights(client, RIGHTS.slice(0, 1))).rejects.toMatchObject({ unauthorized: true });
});
