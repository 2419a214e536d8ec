import { describe, expect, test, vi } from "vitest";
import { KubernetesClient } from "../../src/kubernetes/client.ts";
import { jobs, pods, secrets } from "../../src/kubernetes/resource-types.ts";
import { json, refuse } from "./support/api-server.ts";
import { eventually } from "./support/eventually.ts";
import { clientOf, failure, JOB } from "./support/one-client.ts";

// Real sockets on a machine that may be busy: nothing here waits that long when all is well.
vi.setConfig({ testTimeout: 30_000 });

describe("what is sent", () => {
  test("get asks for one object with token and user agent", async () => {
    const { client, server } = await clientOf((_, reply) => json(reply, 200, JOB));
    const job = await client.get(jobs, "runs", "run-1");
    expect(job.metadata.uid).toBe("u1");
    expect(server.seen[0]?.url.pathname).toBe("/apis/batch/v1/namespaces/runs/jobs/run-1");
    expect(server.seen[0]?.headers).toMatchObject({
      authorization: "Bearer secret-token",
      "user-agent": "paperclip-adapter-claude-k8s",
    });
  });

  test("a path of the server's address is kept, and a name never leaves its place", async () => {
    const { server } = await clientOf((_, reply) => json(reply, 200, JOB));
    const cluster = await server.cluster(undefined, { server: `${server.origin}/k8s/clusters/c-1/` });
    await new KubernetesClient(cluster).get(pods, "runs", "../../x?y");
    expect(server.seen[0]?.url.pathname).toBe("/k8s/clusters/c-1/api/v1/namespaces/runs/pods/..%2F..%2Fx%3Fy");
  });

  test("create names the kind; dryRun stores nothing", async () => {
    const { client, server } = await clientOf((_, reply) => json(reply, 201, JOB));
    await client.create(jobs, "runs", { metadata: { name: "run-1" } }, { dryRun: true });
    const [seen] = server.seen;
    expect(seen?.method).toBe("POST");
    expect(seen?.url.search).toBe("?dryRun=All");
    expect(JSON.parse(seen?.body ?? "")).toEqual({ apiVersion: "batch/v1", kind: "Job", metadata: { name: "run-1" } });
  });

  test("strict validation is asked for, and each warning of the server is heard, whatever its quotes", async () => {
    const quoted = '299 - "would violate PodSecurity \\"restricted:latest\\": runAsNonRoot != true"';
    const { client, server } = await clientOf((_, reply) => {
      reply.setHeader("warning", [quoted, '299 - "second, of two"']);
      json(reply, 201, JOB);
    });
    const heard: string[] = [];
    const options = { dryRun: true, fieldValidation: "Strict", onWarning: (text: string) => heard.push(text) } as const;
    await client.create(jobs, "runs", { metadata: { name: "run-1" } }, options);
    expect(server.seen[0]?.url.search).toBe("?dryRun=All&fieldValidation=Strict");
    expect(heard).toEqual(['would violate PodSecurity "restricted:latest": runAsNonRoot != true', "second, of two"]);
  });

  test("a list is a JSON patch, an object a merge patch", async () => {
    const { client, server } = await clientOf((_, reply) => json(reply, 200, JOB));
    await client.patch(jobs, "runs", "run-1", [{ op: "test", path: "/metadata/uid", value: "u1" }]);
    await client.patch(jobs, "runs", "run-1", { spec: { suspend: false } });
    expect(server.seen.map((seen) => seen.headers["content-type"])).toEqual([
      "application/json-patch+json",
      "application/merge-patch+json",
    ]);
  });

  test("delete never leaves pods behind unless told to, and can be conditional", async () => {
    const { client, server } = await clientOf((_, reply) => json(reply, 200, { kind: "Status", status: "Success" }));
    expect(await client.delete(jobs, "runs", "run-1")).toBe("accepted");
    await client.delete(jobs, "runs", "run-1", { uid: "u1", resourceVersion: "7", gracePeriodSeconds: 0 });
    expect(server.seen.map((seen) => JSON.parse(seen.body))).toMatchObject([
      { propagationPolicy: "Background" },
      { preconditions: { uid: "u1", resourceVersion: "7" }, gracePeriodSeconds: 0 },
    ]);
  });
});

describe("lists", () => {
  test("reads all pages and names the kind of each item", async () => {
    const { client, server } = await clientOf((seen, reply) => {
      const second = seen.url.searchParams.get("continue") === "next";
      const metadata = second ? { resourceVersion: "9" } : { resourceVersion: "9", continue: "next" };
      json(reply, 200, { metadata, items: [{ metadata: { name: second ? "b" : "a" } }] });
    });
    const list = await client.list(pods, "runs", { labelSelector: "a=b", limit: 1 });
    expect(list.resourceVersion).toBe("9");
    expect(list.items.map((item) => [item.kind, item.metadata.name])).toEqual([
      ["Pod", "a"],
      ["Pod", "b"],
    ]);
    expect(server.seen.map((seen) => seen.url.searchParams.get("labelSelector"))).toEqual(["a=b", "a=b"]);
  });

  test("begins anew in one piece when the later pages have expired", async () => {
    const { client } = await clientOf((seen, reply) => {
      if (seen.url.searchParams.has("continue")) return refuse(reply, 410, "Expired", "the continue token is too old");
      if (seen.url.searchParams.has("limit")) return json(reply, 200, { metadata: { continue: "x" }, items: [JOB] });
      return json(reply, 200, { metadata: { resourceVersion: "12" }, items: [JOB] });
    });
    const list = await client.list(jobs, "runs");
    expect(list.items).toHaveLength(1);
    expect(list.resourceVersion).toBe("12");
  });

  test("an empty list may have null for its items", async () => {
    const { client } = await clientOf((_, reply) =>
      json(reply, 200, { metadata: { resourceVersion: "3" }, items: null }),
    );
    expect(await client.list(jobs, "runs")).toEqual({ items: [], resourceVersion: "3" });
  });
});

describe("refusals", () => {
  test("say in one sentence what was asked and what the server said", async () => {
    const { client } = await clientOf((_, reply) =>
      refuse(reply, 403, "Forbidden", 'jobs.batch is forbidden: User "x"'),
    );
    const error = await failure(client.create(jobs, "runs", {}));
    expect(error.message).toBe(
      'create jobs in namespace "runs" was refused (403 Forbidden): jobs.batch is forbidden: User "x"',
    );
    expect(error).toMatchObject({
      kind: "status",
      forbidden: true,
      ambiguous: false,
      verb: "create",
      resource: "jobs",
    });
  });

  test("find and delete take the cluster's 404 for an answer, not a gateway's", async () => {
    const { client, server } = await clientOf((_, reply) => refuse(reply, 404, "NotFound", 'jobs.batch "x" not found'));
    expect(await client.find(jobs, "runs", "x")).toBeUndefined();
    expect(await client.delete(jobs, "runs", "x")).toBe("absent");
    server.handler = (_, reply) => {
      reply.writeHead(404, { "content-type": "text/html" });
      reply.end("<h1>no route to backend</h1>");
    };
    const error = await failure(client.find(jobs, "runs", "x"));
    expect(error).toMatchObject({ kind: "protocol", notFound: false, status: 404 });
  });

  test("a kind that the cluster does not serve is not found, where the API server says so itself", async () => {
    let headers: Record<string, string> = { "audit-id": "c09da6df-93e4-4ca9-86f4-1883e58f47fa" };
    const { client } = await clientOf((_, reply) => {
      reply.writeHead(404, { "content-type": "text/plain; charset=utf-8", ...headers });
      reply.end("404 page not found\n");
    });
    const get = () => failure(client.get(jobs, "runs", "x"));
    expect(await get()).toMatchObject({ kind: "status", notFound: true, detail: "the API server serves no such kind" });
    // The same words are those of any server of Go's, such as a gateway.
    headers = {};
    expect(await get()).toMatchObject({ kind: "protocol", notFound: false });
  });

  test("tell a conflict from an existing object", async () => {
    const { client, server } = await clientOf((_, reply) => refuse(reply, 409, "AlreadyExists", "exists"));
    expect(await failure(client.create(jobs, "runs", {}))).toMatchObject({ alreadyExists: true, conflict: false });
    server.handler = (_, reply) => refuse(reply, 409, "Conflict", "the UID in the precondition does not match");
    expect(await failure(client.delete(jobs, "runs", "x", { uid: "u" }))).toMatchObject({
      conflict: true,
      alreadyExists: false,
    });
  });

  test("an answer that is no JSON is not taken for an object", async () => {
    const { client } = await clientOf((_, reply) => {
      reply.end("<html>login</html>");
    });
    expect(await failure(client.get(jobs, "runs", "x"))).toMatchObject({ kind: "protocol", ambiguous: false });
    expect(await failure(client.create(jobs, "runs", {}))).toMatchObject({ kind: "protocol", ambiguous: true });
  });

  test("never repeat a secret: quoted values, tokens and keys go", async () => {
    const message =
      'Secret "s" is invalid: data.key: Invalid value: "c2VjcmV0LXZhbHVl": bad; Bearer abc.def; sk-ant-oat01-abcdefgh';
    const { client } = await clientOf((_, reply) => {
      const details = { causes: [{ field: "data.key", message: 'Invalid value: "c2VjcmV0LXZhbHVl"' }] };
      json(reply, 422, { kind: "Status", reason: "Invalid", message, details, code: 422 });
    });
    const error = await failure(client.create(secrets, "runs", {}));
    const everything = `${error.message} ${error.stack} ${JSON.stringify(error)} ${error.detail}`;
    expect(everything).not.toMatch(/c2VjcmV0|abc\.def|oat01|secret-token/);
    expect(error.details?.causes?.[0]?.field).toBe("data.key");
  });
});

describe("aborting", () => {
  test("ends a call with the signal's reason and closes its connection", async () => {
    const { client, server } = await clientOf(() => undefined);
    const stop = new AbortController();
    const call = client.get(jobs, "runs", "x", { signal: stop.signal }).catch((error: unknown) => error);
    await eventually(() => server.seen.length === 1, "the request arrives");
    stop.abort("enough");
    expect(await call).toBe("enough");
    await eventually(() => server.sockets.size === 0, "the socket closes");
  });
});
