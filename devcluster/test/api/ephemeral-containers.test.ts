/** `kubectl debug` adds containers to a pod that is there; nothing else of it can be changed so. */
import { expect, it } from "vitest";
import type { Client } from "./client.ts";
import { pod } from "./objects.ts";
import { useCluster } from "./use-cluster.ts";

let api: Client;
useCluster((_, client) => {
  api = client;
});

const PODS = "/api/v1/namespaces/default/pods";
const STRATEGIC = { "content-type": "application/strategic-merge-patch+json" };
const named = (name: string, image = "busybox:1.36") => ({ ephemeralContainers: [{ name, image }] });

it("ephemeral containers can be added, not changed, and only through their subresource", async () => {
  await api.call("POST", PODS, { body: pod("debugged") });
  const patch = (path: string, spec: object) => api.call("PATCH", path, { body: { spec }, headers: STRATEGIC });
  expect((await patch(`${PODS}/debugged`, named("a"))).code).toBe(422);
  const added = await patch(`${PODS}/debugged/ephemeralcontainers`, { ...named("a"), schedulerName: "other" });
  expect(added.code).toBe(200);
  expect(added.body.spec).toMatchObject({
    schedulerName: "nobody",
    ephemeralContainers: [{ name: "a", terminationMessagePath: "/dev/termination-log" }],
  });
  const again = await patch(`${PODS}/debugged/ephemeralcontainers`, named("b"));
  expect(again.body.spec.ephemeralContainers).toHaveLength(2);
  const changed = await patch(`${PODS}/debugged/ephemeralcontainers`, named("a", "other:1"));
  expect(changed.code).toBe(422);
  expect(changed.body.message).toContain('existing ephemeral containers "a" may not be changed');
});
