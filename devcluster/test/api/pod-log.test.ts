import { describe, expect, it } from "vitest";
import type { Devcluster } from "../../src/index.ts";
import type { Client } from "./client.ts";
import { pod } from "./objects.ts";
import { useCluster } from "./use-cluster.ts";

const PODS = "/api/v1/namespaces/default/pods";

let cluster: Devcluster;
let api: Client;

useCluster((opened, client) => {
  [cluster, api] = [opened, client];
});

async function run(name: string, script: string, more: object = {}): Promise<void> {
  const container = { command: ["sh", "-c", script] };
  const spec = { schedulerName: "default-scheduler", terminationGracePeriodSeconds: 1, ...more };
  await api.call("POST", PODS, { body: pod(name, { container, spec }) });
}

const status = (name: string) => cluster.store.get("pods", "default", name)?.status as { phase: string } | undefined;

describe("pods/log", () => {
  it("is 204 without a node, and 404 without a pod", async () => {
    await api.call("POST", PODS, { body: pod("nowhere") });
    expect((await api.call("GET", `${PODS}/nowhere/log?follow=true`)).code).toBe(204);
    expect(await api.call("GET", `${PODS}/nobody/log`)).toMatchObject({ code: 404, body: { reason: "NotFound" } });
  });

  it("serves the log as plain text of unknown length", async () => {
    await run("talker", "echo one; echo two >&2");
    await expect.poll(() => status("talker")?.phase).toBe("Succeeded");
    const { headers, body } = await api.call("GET", `${PODS}/talker/log`);
    expect(headers["content-type"]).toBe("text/plain");
    expect(headers["content-length"]).toBeUndefined();
    expect(String(body).split("\n").sort()).toEqual(["", "one", "two"]);
    const stamped = await api.call("GET", `${PODS}/talker/log?timestamps=true&tailLines=1`);
    expect(stamped.body).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z (one|two)\n$/);
  });

  it.each([
    ["container=other", 400, "container other is not valid for pod talker"],
    ["sinceTime=yesterday", 400, 'parsing time "yesterday"'],
    ["sinceSeconds=0", 422, "sinceSeconds: Invalid value: 0: must be greater than 0"],
    [
      "sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z",
      422,
      "at most one of `sinceTime` or `sinceSeconds` may be specified",
    ],
    ["limitBytes=0", 422, "limitBytes: Invalid value: 0: must be greater than 0"],
    ["tailLines=-1", 422, "tailLines: Invalid value: -1: must be greater than or equal to 0"],
    ["stream=Stdout", 422, "stream: Forbidden: may not be specified"],
    ["previous=true", 400, "previous terminated container"],
  ])("refuses %s with %i, as measured", async (query, code, message) => {
    const reply = await api.call("GET", `${PODS}/talker/log?${query}`);
    expect(reply.body.message).toContain(message);
    expect(reply.code).toBe(code);
  });
});

describe("pods/eviction", () => {
  it("marks the pod, then deletes it with its grace", async () => {
    await run("evicted", "sleep 60");
    await expect.poll(() => status("evicted")?.phase).toBe("Running");
    const events: { type: string; conditions: string[]; deleted: boolean }[] = [];
    const stop = cluster.store.subscribe(({ type, resource, object }) => {
      if (resource !== "pods" || object.metadata.name !== "evicted") return;
      const { conditions } = object.status as { conditions: { type: string; reason?: string }[] };
      const deleted = object.metadata.deletionTimestamp !== undefined;
      events.push({ type, conditions: conditions.map((it) => `${it.type}/${it.reason}`), deleted });
    });
    const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "evicted" } };
    const { code, body } = await api.call("POST", `${PODS}/evicted/eviction`, { body: eviction });
    expect(code).toBe(201);
    expect(body).toMatchObject({ kind: "Status", status: "Success" });
    const [marked, deleted] = events;
    expect(marked).toMatchObject({ type: "MODIFIED", deleted: false });
    expect(marked?.conditions).toContain("DisruptionTarget/EvictionByEvictionAPI");
    expect(deleted).toMatchObject({ type: "MODIFIED", deleted: true });
    await expect.poll(() => status("evicted"), { timeout: 10_000 }).toBeUndefined();
    stop();
  });
});
