/** Webhooks are asked over HTTPS before anything is created; what they say, and that they say nothing, is told in the server's words. */
import { afterEach, expect, it } from "vitest";
import type { Devcluster } from "../../src/index.ts";
import type { Client } from "./client.ts";
import { job, pod } from "./objects.ts";
import { useCluster } from "./use-cluster.ts";
import { startWebhook, type TestWebhook, webhookConfiguration } from "./webhook.ts";

let cluster: Devcluster;
let api: Client;
useCluster((opened, client) => {
  [cluster, api] = [opened, client];
});
const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0)) await one();
});

const GROUP = "/apis/admissionregistration.k8s.io/v1";
const PODS = "/api/v1/namespaces/default/pods";
const JOBS = "/apis/batch/v1/namespaces/default/jobs";

async function register(kind: "Mutating" | "Validating", resource: string, webhook: object): Promise<void> {
  const path = `${GROUP}/${kind.toLowerCase()}webhookconfigurations`;
  const made = await api.call("POST", path, { body: webhookConfiguration("judge", resource, webhook) });
  expect(made.code, JSON.stringify(made.body)).toBe(201);
  undo.push(() => api.call("DELETE", `${path}/judge`));
}

async function serve(answer: Parameters<typeof startWebhook>[0]): Promise<TestWebhook> {
  const webhook = await startWebhook(answer);
  undo.push(() => webhook.close());
  return webhook;
}

it("one that changes pods is asked with defaults filled in, and its patch is stored", async () => {
  const sidecar = { name: "istio-proxy", image: "busybox:1.36", command: ["sleep", "600"] };
  const webhook = await serve(() => ({ patch: [{ op: "add", path: "/spec/containers/-", value: sidecar }] }));
  await register("Mutating", "pods", { clientConfig: webhook.clientConfig });
  const made = await api.call("POST", PODS, { body: pod("injected") });
  expect((made.body.spec.containers as { name: string }[]).map(({ name }) => name)).toEqual(["main", "istio-proxy"]);
  expect(webhook.reviews[0]).toMatchObject({
    operation: "CREATE",
    resource: { group: "", version: "v1", resource: "pods" },
    namespace: "default",
    object: { spec: { terminationGracePeriodSeconds: 30 } },
  });
});

it.each([
  [{ code: 400, reason: "BadRequest", message: "no" }, 400, "BadRequest"],
  [{ code: 403, reason: "Forbidden", message: "no" }, 403, "Forbidden"],
  [{ message: "no" }, 400, ""],
])("a denial %j is passed on", async (status, code, reason) => {
  const webhook = await serve(() => ({ allowed: false, status }));
  await register("Validating", "jobs", { clientConfig: webhook.clientConfig });
  const refused = await api.call("POST", JOBS, { body: job("denied") });
  expect(refused.code).toBe(code);
  const message = 'admission webhook "judge.test.local" denied the request: no';
  expect(refused.body).toMatchObject({ kind: "Status", reason, message });
  expect(cluster.store.get("jobs", "default", "denied")).toBeUndefined();
});

it("one that cannot be reached refuses, unless its failures are to be ignored", async () => {
  const webhook = await startWebhook(() => ({}));
  await webhook.close();
  const { clientConfig } = webhook;
  await register("Validating", "pods", { clientConfig });
  const refused = await api.call("POST", PODS, { body: pod("unjudged") });
  expect(refused.code).toBe(500);
  const { host } = new URL(clientConfig.url);
  expect(refused.body.message).toBe(
    `Internal error occurred: failed calling webhook "judge.test.local": failed to call webhook: Post "${clientConfig.url}?timeout=10s": dial tcp ${host}: connect: connection refused`,
  );
  await undo.pop()?.();
  await register("Validating", "pods", { clientConfig, failurePolicy: "Ignore" });
  expect((await api.call("POST", PODS, { body: pod("unjudged") })).code).toBe(201);
});

it("one that does not answer in time, one that nobody trusts, and one whose Service is not there refuse", async () => {
  const slow = await serve(() => new Promise(() => undefined));
  const why = async (clientConfig: object): Promise<unknown> => {
    await register("Validating", "pods", { clientConfig, timeoutSeconds: 1 });
    const { message } = (await api.call("POST", PODS, { body: pod("unjudged-2") })).body;
    await undo.pop()?.();
    return message;
  };
  expect(await why(slow.clientConfig)).toMatch(/timeout=1s": context deadline exceeded$/);
  expect(await why({ url: slow.clientConfig.url })).toMatch(/x509: certificate signed by unknown authority$/);
  expect(await why({ service: { namespace: "ns", name: "gone", path: "/judge" } })).toMatch(
    /Post "https:\/\/gone\.ns\.svc:443\/judge\?timeout=1s": service "gone" not found$/,
  );
});

it("a pod of a Job waits for its webhook; the Job tells why, and goes on", async () => {
  const webhook = await startWebhook(() => ({}));
  await webhook.close();
  await register("Validating", "pods", { clientConfig: webhook.clientConfig });
  expect((await api.call("POST", JOBS, { body: job("patient", { spec: { suspend: false } }) })).code).toBe(201);
  const told = () =>
    cluster.store.list("events", "default").find(({ reason, involvedObject }) => {
      return reason === "FailedCreate" && (involvedObject as { name: string }).name === "patient";
    });
  await expect.poll(() => told()?.count, { timeout: 5000 }).toBeGreaterThan(1);
  expect(told()?.message).toMatch(
    /^Error creating: Internal error occurred: failed calling webhook "judge.test.local"/,
  );
  await undo.pop()?.();
  await expect
    .poll(() => cluster.store.list("pods", "default").filter(({ metadata }) => metadata.generateName === "patient-"))
    .toHaveLength(1);
});

it("a Job gets one pod, however long its webhooks think", async () => {
  const webhook = await serve(async () => {
    await new Promise((resolve) => setTimeout(resolve, 200));
    return {};
  });
  await register("Mutating", "pods", { clientConfig: webhook.clientConfig });
  await api.call("POST", JOBS, {
    body: job("thoughtful", { spec: { suspend: false }, container: { command: ["sleep", "600"] } }),
  });
  const ready = () =>
    (cluster.store.get("jobs", "default", "thoughtful")?.status as { ready?: number } | undefined)?.ready;
  await expect.poll(ready, { timeout: 5000 }).toBe(1);
  expect(webhook.reviews).toHaveLength(1);
});

it("selectors decide who is asked, and a configuration that cannot work is refused", async () => {
  const webhook = await serve(() => ({ allowed: false }));
  const objectSelector = { matchLabels: { app: "agent" } };
  const namespaceSelector = { matchExpressions: [{ key: "exempt", operator: "DoesNotExist" }] };
  await register("Validating", "pods", { clientConfig: webhook.clientConfig, objectSelector, namespaceSelector });
  expect((await api.call("POST", PODS, { body: pod("unasked") })).code).toBe(201);
  const labelled = { ...pod("asked"), metadata: { name: "asked", labels: { app: "agent" } } };
  expect((await api.call("POST", PODS, { body: labelled })).body.message).toBe(
    'admission webhook "judge.test.local" denied the request without explanation',
  );
  const broken = webhookConfiguration("broken", "pods", { name: "short", clientConfig: { url: "http://127.0.0.1/" } });
  const refused = await api.call("POST", `${GROUP}/validatingwebhookconfigurations`, { body: broken });
  expect(refused.code).toBe(422);
  expect(refused.body.message).toMatch(
    /webhooks\[0\]\.name: .*three segments.*clientConfig\.url: .*'https' is the only/,
  );
});
