/** What a namespace has no room for is refused in the server's words; so is a container outside its limits. */
import { expect, it } from "vitest";
import type { Devcluster } from "../../src/index.ts";
import type { Client } from "./client.ts";
import { job, pod } from "./objects.ts";
import { useCluster } from "./use-cluster.ts";

let cluster: Devcluster;
let api: Client;

useCluster((opened, client) => {
  [cluster, api] = [opened, client];
});

async function namespaceWith(name: string, plural: string, object: object): Promise<string> {
  await api.call("POST", "/api/v1/namespaces", { body: { metadata: { name } } });
  await api.call("POST", `/api/v1/namespaces/${name}/serviceaccounts`, { body: { metadata: { name: "default" } } });
  const made = await api.call("POST", `/api/v1/namespaces/${name}/${plural}`, { body: object });
  expect(made.code).toBe(201);
  return `/api/v1/namespaces/${name}`;
}

const asking = (memory: string, cpu = "100m") => ({
  container: { resources: { requests: { cpu, memory }, limits: { cpu, memory } } },
});

it("a quota counts pods that live and Jobs that are there", async () => {
  const quota = { metadata: { name: "team" }, spec: { hard: { pods: "1", "count/jobs.batch": "1" } } };
  const root = await namespaceWith("counted", "resourcequotas", quota);
  expect((await api.call("POST", `${root}/pods`, { body: pod("a") })).code).toBe(201);
  const second = await api.call("POST", `${root}/pods`, { body: pod("b") });
  expect(second.code).toBe(403);
  expect(second.body).toMatchObject({
    reason: "Forbidden",
    message: 'pods "b" is forbidden: exceeded quota: team, requested: pods=1, used: pods=1, limited: pods=1',
  });
  cluster.store.mutate("pods", "counted", "a", (draft) => {
    draft.status = { phase: "Succeeded" };
  });
  expect((await api.call("POST", `${root}/pods`, { body: pod("b") })).code).toBe(201);
  const jobs = "/apis/batch/v1/namespaces/counted/jobs";
  expect((await api.call("POST", jobs, { body: job("one") })).code).toBe(201);
  expect((await api.call("POST", jobs, { body: job("two") })).body.message).toBe(
    'jobs.batch "two" is forbidden: exceeded quota: team, requested: count/jobs.batch=1, used: count/jobs.batch=1, limited: count/jobs.batch=1',
  );
});

it("a quota answers creates that race with a conflict, all but the first", async () => {
  const quota = { metadata: { name: "team" }, spec: { hard: { "count/jobs.batch": "10" } } };
  await namespaceWith("raced", "resourcequotas", quota);
  const jobs = "/apis/batch/v1/namespaces/raced/jobs";
  const names = ["a", "b", "c", "d"];
  const answers = await Promise.all(names.map((name) => api.call("POST", jobs, { body: job(name) })));
  const refused = answers.filter(({ code }) => code !== 201);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.length).toBeLessThan(names.length);
  for (const { body } of refused)
    expect(body).toMatchObject({
      ...{ code: 409, reason: "Conflict" },
      message:
        'Operation cannot be fulfilled on resourcequotas "team": the object has been modified; please apply your changes to the latest version and try again',
      details: { kind: "resourcequotas", name: "team" },
    });
  // Alone, and where nothing is created, there is no race.
  expect((await api.call("POST", jobs, { body: job("e") })).code).toBe(201);
  const dry = await Promise.all(
    names.map((name) => api.call("POST", `${jobs}?dryRun=All`, { body: job(`dry-${name}`) })),
  );
  expect(dry.map(({ code }) => code)).toEqual([201, 201, 201, 201]);
});

it("a quota adds up what pods ask for, and demands that they say it", async () => {
  const quota = { metadata: { name: "team" }, spec: { hard: { "limits.memory": "1Gi", "requests.cpu": "1" } } };
  const root = await namespaceWith("summed", "resourcequotas", quota);
  expect((await api.call("POST", `${root}/pods`, { body: pod("a", asking("768Mi")) })).code).toBe(201);
  expect((await api.call("POST", `${root}/pods`, { body: pod("b", asking("512Mi")) })).body.message).toBe(
    'pods "b" is forbidden: exceeded quota: team, requested: limits.memory=512Mi, used: limits.memory=768Mi, limited: limits.memory=1Gi',
  );
  expect((await api.call("POST", `${root}/pods`, { body: pod("c") })).body.message).toBe(
    'pods "c" is forbidden: failed quota: team: must specify limits.memory for: main',
  );
});

it("a limit range fills in and refuses", async () => {
  const limits = [{ type: "Container", max: { memory: "1Gi" }, default: { memory: "256Mi" } }];
  const root = await namespaceWith("ranged", "limitranges", { metadata: { name: "sizes" }, spec: { limits } });
  const filled = await api.call("POST", `${root}/pods`, { body: pod("a") });
  expect(filled.body.spec.containers).toMatchObject([
    { resources: { limits: { memory: "256Mi" }, requests: { memory: "256Mi" } } },
  ]);
  expect((await api.call("POST", `${root}/pods`, { body: pod("b", asking("8Gi")) })).body.message).toBe(
    'pods "b" is forbidden: maximum memory usage per Container is 1Gi, but limit is 8Gi',
  );
});

it("a limit range bounds the ratio of limit to request, and what a whole pod takes", async () => {
  const limits = [
    { type: "Container", maxLimitRequestRatio: { cpu: "2" } },
    { type: "Pod", max: { memory: "1Gi" } },
  ];
  const root = await namespaceWith("rated", "limitranges", { metadata: { name: "sizes" }, spec: { limits } });
  const sized = (request: string, limit: string, memory = "64Mi") => ({
    container: { resources: { requests: { cpu: request, memory }, limits: { cpu: limit, memory } } },
  });
  expect((await api.call("POST", `${root}/pods`, { body: pod("a", sized("10m", "2")) })).body.message).toBe(
    'pods "a" is forbidden: cpu max limit to request ratio per Container is 2, but provided ratio is 200.000000',
  );
  expect((await api.call("POST", `${root}/pods`, { body: pod("a", sized("1", "2")) })).code).toBe(201);
  expect((await api.call("POST", `${root}/pods`, { body: pod("b", sized("1", "2", "2Gi")) })).body.message).toBe(
    'pods "b" is forbidden: maximum memory usage per Pod is 1Gi, but limit is 2Gi',
  );
});

it("what a limit range says of containers is completed: a maximum is the default limit, a minimum the request", async () => {
  const limits = [{ type: "Container", max: { memory: "1Gi", cpu: "1" }, min: { "ephemeral-storage": "1Mi" } }];
  const root = await namespaceWith("completed", "limitranges", { metadata: { name: "sizes" }, spec: { limits } });
  expect((await api.call("POST", `${root}/pods`, { body: pod("a") })).body.spec.containers).toMatchObject([
    {
      resources: {
        limits: { memory: "1Gi", cpu: "1" },
        requests: { memory: "1Gi", cpu: "1", "ephemeral-storage": "1Mi" },
      },
    },
  ]);
});
