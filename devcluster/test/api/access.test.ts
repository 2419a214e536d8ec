import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Devcluster, fastTimings, startDevcluster } from "../../src/index.ts";
import { type Client, connect } from "./client.ts";
import { job, pod } from "./objects.ts";

const RBAC = "/apis/rbac.authorization.k8s.io/v1/namespaces/team";
const JOBS = "/apis/batch/v1/namespaces/team/jobs";
const PODS = "/api/v1/namespaces/team/pods";

let cluster: Devcluster;
let admin: Client;
let worker: Client;

beforeAll(async () => {
  cluster = await startDevcluster({ images: {}, timings: fastTimings });
  admin = connect(cluster);
  await admin.call("POST", "/api/v1/namespaces", { body: { metadata: { name: "team" } } });
  await admin.call("POST", "/api/v1/namespaces/team/serviceaccounts", { body: { metadata: { name: "worker" } } });
  const rules = [
    { apiGroups: ["batch"], resources: ["jobs"], verbs: ["create", "get"] },
    { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
    { apiGroups: [""], resources: ["secrets"], resourceNames: ["mine"], verbs: ["get"] },
  ];
  await admin.call("POST", `${RBAC}/roles`, { body: { metadata: { name: "runner" }, rules } });
  await admin.call("POST", `${RBAC}/rolebindings`, {
    body: {
      metadata: { name: "runners" },
      roleRef: { kind: "Role", name: "runner" },
      subjects: [{ kind: "ServiceAccount", name: "worker", namespace: "team" }],
    },
  });
  worker = connect(cluster, cluster.kubeconfigOf("team", "worker"));
});
afterAll(async () => {
  await worker.close();
  await admin.close();
  await cluster.stop();
});

const USER = 'User "system:serviceaccount:team:worker"';

describe("a ServiceAccount with a Role", () => {
  it("may do what the Role says, there", async () => {
    expect((await worker.call("POST", JOBS, { body: job("allowed") })).code).toBe(201);
    expect((await worker.call("GET", `${JOBS}/allowed`)).code).toBe(200);
    const elsewhere = await worker.call("POST", "/apis/batch/v1/namespaces/default/jobs", { body: job("a") });
    expect(elsewhere.code).toBe(403);
  });

  it.each([
    [
      "DELETE",
      `${JOBS}/allowed`,
      `jobs.batch "allowed" is forbidden: ${USER} cannot delete resource "jobs" in API group "batch" in the namespace "team"`,
    ],
    [
      "GET",
      JOBS,
      `jobs.batch is forbidden: ${USER} cannot list resource "jobs" in API group "batch" in the namespace "team"`,
    ],
    [
      "GET",
      `${JOBS}?watch=1`,
      `jobs.batch is forbidden: ${USER} cannot watch resource "jobs" in API group "batch" in the namespace "team"`,
    ],
    [
      "GET",
      `${PODS}/x`,
      `pods "x" is forbidden: ${USER} cannot get resource "pods" in API group "" in the namespace "team"`,
    ],
    [
      "PATCH",
      `${PODS}/x/status`,
      `pods "x" is forbidden: ${USER} cannot patch resource "pods/status" in API group "" in the namespace "team"`,
    ],
    [
      "GET",
      "/api/v1/namespaces/team/secrets/other",
      `secrets "other" is forbidden: ${USER} cannot get resource "secrets" in API group "" in the namespace "team"`,
    ],
    [
      "GET",
      "/api/v1/nodes",
      `nodes is forbidden: ${USER} cannot list resource "nodes" in API group "" at the cluster scope`,
    ],
    ["GET", "/metrics", `forbidden: ${USER} cannot get path "/metrics"`],
  ])("may not %s %s", async (method, path, message) => {
    const reply = await worker.call(method, path);
    expect(reply).toMatchObject({ code: 403, body: { kind: "Status", reason: "Forbidden", message } });
  });

  it("may read a log without reading the pod, and a Secret by its name", async () => {
    expect((await worker.call("GET", `${PODS}/nothing/log`)).code).toBe(404);
    expect((await worker.call("GET", "/api/v1/namespaces/team/secrets/mine")).code).toBe(404);
  });

  it("learns what it may do", async () => {
    const ask = async (resourceAttributes: object) => {
      const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
      return (await worker.call("POST", path, { body: { spec: { resourceAttributes } } })).body.status;
    };
    expect(await ask({ verb: "create", group: "batch", resource: "jobs", namespace: "team" })).toEqual({
      allowed: true,
      reason: 'RBAC: allowed by RoleBinding "runners/team" of Role "runner" to ServiceAccount "worker/team"',
    });
    expect(await ask({ verb: "delete", group: "batch", resource: "jobs", namespace: "team" })).toEqual({
      allowed: false,
    });
  });
});

describe("impersonation", () => {
  const worker1 = "system:serviceaccount:team:worker";
  const REVIEW = "/apis/authentication.k8s.io/v1/selfsubjectreviews";

  it("has the rights of the other, not one's own", async () => {
    const headers = { "impersonate-user": worker1 };
    expect((await admin.call("GET", `${PODS}/x/log`, { headers })).code).toBe(404);
    expect(await admin.call("GET", PODS, { headers })).toMatchObject({
      code: 403,
      body: {
        message: `pods is forbidden: ${USER} cannot list resource "pods" in API group "" in the namespace "team"`,
      },
    });
  });

  it.each([
    [
      { "impersonate-user": worker1 },
      ["system:serviceaccounts", "system:serviceaccounts:team", "system:authenticated"],
    ],
    [{ "impersonate-user": "jane" }, ["system:authenticated"]],
    [{ "impersonate-user": "jane", "impersonate-group": ["a", "b"] }, ["a", "b", "system:authenticated"]],
  ])("%j is in the groups of a login", async (headers, groups) => {
    const { body } = await admin.call("POST", REVIEW, { body: {}, headers });
    expect(body).toMatchObject({ status: { userInfo: { username: headers["impersonate-user"], groups } } });
  });

  it("of nobody is not authenticated", async () => {
    const headers = { "impersonate-user": "system:anonymous" };
    expect((await admin.call("GET", "/version", { headers })).code).toBe(200);
    expect((await admin.call("GET", "/api", { headers })).code).toBe(403);
  });

  it.each([
    [{ "impersonate-user": "jane" }, 'users "jane" is forbidden', '"users" in API group "" at the cluster scope'],
    [
      { "impersonate-user": "system:serviceaccount:default:default" },
      'serviceaccounts "default" is forbidden',
      '"serviceaccounts" in API group "" in the namespace "default"',
    ],
  ])("needs a right of its own: %j", async (headers, subject, resource) => {
    expect(await worker.call("GET", "/version", { headers })).toMatchObject({
      code: 403,
      body: { message: `${subject}: ${USER} cannot impersonate resource ${resource}` },
    });
  });

  it("refuses what it would otherwise ignore", async () => {
    const headers = { "impersonate-user": "jane", "impersonate-extra-scopes": "all" };
    expect((await admin.call("GET", "/version", { headers })).code).toBe(501);
    expect((await admin.call("GET", "/version", { headers: { "impersonate-group": "a" } })).code).toBe(500);
  });
});

describe("tokens", () => {
  it("are needed, and must be known", async () => {
    const wrong = await admin.call("GET", PODS, { headers: { authorization: "Bearer nobody" } });
    expect(wrong).toMatchObject({ code: 401, body: { reason: "Unauthorized", message: "Unauthorized" } });
    const none = await admin.call("GET", "/version", { headers: { authorization: "Bearer nobody" } });
    expect(none.code).toBe(401);
  });

  it("are issued for a ServiceAccount, and expire", async () => {
    let now = Date.now();
    const timed = await startDevcluster({ images: {}, timings: fastTimings, clock: () => now });
    const client = connect(timed);
    const path = "/api/v1/namespaces/default/serviceaccounts/default/token";
    const { code, body } = await client.call("POST", path, { body: { spec: { expirationSeconds: 600 } } });
    expect(code).toBe(201);
    const headers = { authorization: `Bearer ${body.status.token}` };
    const review = { body: {}, headers };
    const who = await client.call("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", review);
    expect(who.body.status).toMatchObject({ userInfo: { username: "system:serviceaccount:default:default" } });
    now += 600_000;
    expect((await client.call("GET", "/version", { headers })).code).toBe(401);
    await client.close();
    await timed.stop();
  });
});

describe("admission of pods", () => {
  const restricted = {
    runAsNonRoot: true,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    seccompProfile: { type: "RuntimeDefault" },
  };

  it("refuses a ServiceAccount that is not there", async () => {
    const { code, body } = await admin.call("POST", PODS, {
      body: pod("a", { spec: { serviceAccountName: "ghost" } }),
    });
    expect(code).toBe(403);
    expect(body.message).toBe(
      'pods "a" is forbidden: error looking up service account team/ghost: serviceaccount "ghost" not found',
    );
  });

  it("enforces the restricted level on pods, and warns of it on Jobs", async () => {
    const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
    await admin.call("POST", "/api/v1/namespaces", { body: { metadata: { name: "strict", labels } } });
    const violations =
      'allowPrivilegeEscalation != false (container "main" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "main" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "main" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "main" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")';
    const strict = "/api/v1/namespaces/strict/pods";
    const refused = await admin.call("POST", strict, { body: pod("a") });
    expect(refused).toMatchObject({ code: 403, body: { reason: "Forbidden" } });
    expect(refused.body.message).toBe(`pods "a" is forbidden: violates PodSecurity "restricted:latest": ${violations}`);
    const good = await admin.call("POST", strict, { body: pod("a", { container: { securityContext: restricted } }) });
    expect(good.code).toBe(201);
    const warned = await admin.call("POST", "/apis/batch/v1/namespaces/strict/jobs", {
      body: job("warned", { spec: { suspend: false } }),
    });
    expect(warned.code).toBe(201);
    const text = String(warned.headers.warning).replaceAll('\\"', '"');
    expect(text).toBe(`299 - "would violate PodSecurity "restricted:latest": ${violations}"`);
    const failed = () => cluster.store.list("events", "strict").find(({ reason }) => reason === "FailedCreate");
    await expect.poll(failed).toMatchObject({ type: "Warning" });
    expect(failed()?.message).toContain('is forbidden: violates PodSecurity "restricted:latest"');
  });
});
