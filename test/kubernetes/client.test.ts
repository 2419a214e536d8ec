import { constants, type Http2ServerResponse } from "node:http2";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { ApiError } from "../../src/kubernetes/api-error.ts";
import type { ClientOptions } from "../../src/kubernetes/call-options.ts";
import { KubernetesClient } from "../../src/kubernetes/client.ts";
import type { Clock } from "../../src/kubernetes/clock.ts";
import { openCluster } from "../../src/kubernetes/cluster.ts";
import { configMaps, jobs, pods, secrets } from "../../src/kubernetes/resource-types.ts";
import { ApiServer, type Handler, json, type Reply, refuse } from "./support/api-server.ts";
import { LeapingClock } from "./support/clocks.ts";
import { eventually } from "./support/eventually.ts";

// Real sockets on a machine that may be busy: nothing here waits that long when all is well.
vi.setConfig({ testTimeout: 30_000 });

const JOB = { metadata: { name: "run-1", uid: "u1", resourceVersion: "7" } };
let server: ApiServer | undefined;

afterEach(async () => {
  await server?.stop();
  server = undefined;
});

async function clientOf(handler: Handler, options: ClientOptions = {}, protocol: "plain" | "h2" = "plain") {
  const started = await ApiServer.start(handler, protocol);
  server = started;
  const clock = new LeapingClock();
  const client = new KubernetesClient(await started.cluster(), { clock, random: () => 0.5, ...options });
  return { client, clock, server: started };
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error("it should have failed");
    },
    (error: ApiError) => error,
  );

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

describe("what may pass is tried again", () => {
  test("429 waits as long as the server says, and a little longer", async () => {
    let calls = 0;
    const { client, clock } = await clientOf((_, reply) => {
      if (++calls < 3) return refuse(reply, 429, "TooManyRequests", "slow down", { "retry-after": "7" });
      return json(reply, 200, JOB);
    });
    await client.get(jobs, "runs", "run-1");
    expect(clock.slept).toEqual([7125, 7250]);
  });

  test.each([
    ["seconds", "999999999"],
    ["a date, by a clock that is hours behind the server's", "Sun, 22 Nov 2026 02:00:00 GMT"],
  ])("a Retry-After beyond all measure is taken for a minute: %s", async (_, header) => {
    const { client, clock, server } = await clientOf((_, reply) =>
      refuse(reply, 429, "TooManyRequests", "slow down", { "retry-after": header }),
    );
    const error = await failure(client.get(jobs, "runs", "run-1"));
    expect(error.retryAfterMs).toBe(60_000);
    expect(clock.slept).toEqual([]);
    expect(server.seen).toHaveLength(1);
  });

  test.each([500, 502, 503, 504])("a get survives a %i", async (status) => {
    let calls = 0;
    const { client } = await clientOf((_, reply) =>
      ++calls < 4 ? refuse(reply, status, "InternalError", "etcd leader changed") : json(reply, 200, JOB),
    );
    expect((await client.get(jobs, "runs", "run-1")).metadata.name).toBe("run-1");
    expect(calls).toBe(4);
  });

  test("the time for all attempts is bounded, and each wait too", async () => {
    const { client, clock } = await clientOf((_, reply) => refuse(reply, 500, "InternalError", "broken"), {
      retryForMs: 100_000,
    });
    const error = await failure(client.get(jobs, "runs", "run-1"));
    expect(error.status).toBe(500);
    expect(Math.max(...clock.slept)).toBe(7500);
    expect(clock.slept.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(100_000);
  });

  test("a 500 that no waiting mends is not repeated", async () => {
    const { client, server } = await clientOf((_, reply) =>
      refuse(reply, 500, "InternalError", "etcdserver: request is too large"),
    );
    await failure(client.patch(configMaps, "runs", "x", {}));
    expect(server.seen).toHaveLength(1);
  });

  test("a broken connection is repeated for get, patch and delete", async () => {
    const broken = new Set<string>();
    const { client, server } = await clientOf((seen, reply) => {
      if (broken.has(seen.method)) return json(reply, 200, JOB);
      broken.add(seen.method);
      reply.socket?.resetAndDestroy();
    });
    await client.get(jobs, "runs", "run-1");
    await client.patch(jobs, "runs", "run-1", { spec: {} });
    expect(await client.delete(jobs, "runs", "run-1")).toBe("accepted");
    expect(server.seen.map((seen) => seen.method)).toEqual(["GET", "GET", "PATCH", "PATCH", "DELETE", "DELETE"]);
  });

  /** Ends an answer in its middle; each but `cut` looks like an end in order. */
  const ways = {
    cut: (reply: Reply, text: string) => void reply.write(text, () => reply.socket?.destroy()),
    "ended in order": (reply: Reply, text: string) => void reply.end(text),
    "ended before its first byte": (reply: Reply) => void reply.end(),
    "cancelled over HTTP/2": (reply: Reply, text: string) => {
      const { stream } = reply as unknown as Http2ServerResponse;
      reply.write(text, () => stream.close(constants.NGHTTP2_CANCEL));
    },
  };
  const protocolOf = (way: string) => (way.endsWith("HTTP/2") ? "h2" : "plain");

  test.each(Object.entries(ways))("an answer that is %s in the middle is no answer", async (way, end) => {
    let calls = 0;
    const { client } = await clientOf(
      (_, reply) => {
        if (++calls > 1) return json(reply, 200, JOB);
        reply.writeHead(200, { "content-type": "application/json" });
        end(reply, '{"metadata":{"na');
      },
      {},
      protocolOf(way),
    );
    expect((await client.get(jobs, "runs", "run-1")).metadata.name).toBe("run-1");
  });

  test.each(Object.entries(ways).filter(([way]) => !way.endsWith("first byte")))(
    "a refusal that is %s in the middle is none: its words might have said something else",
    async (way, end) => {
      let calls = 0;
      const { client } = await clientOf(
        (_, reply) => {
          if (++calls > 1) return json(reply, 200, JOB);
          reply.writeHead(404, { "content-type": "application/json" });
          end(reply, '{"kind":"Status","co');
        },
        {},
        protocolOf(way),
      );
      expect((await client.find(jobs, "runs", "run-1"))?.metadata.name).toBe("run-1");
    },
  );
});

describe("a create is never done twice", () => {
  test.each(["socket reset", "answer cut", "answer empty", "refusal cut", "500", "504", "503 without Retry-After"])(
    "%s: ambiguous, not repeated",
    async (fault) => {
      const { client, server } = await clientOf((_, reply) => {
        if (fault === "socket reset") return void reply.socket?.resetAndDestroy();
        if (fault === "answer empty") return void reply.writeHead(201).end();
        const cut = fault.endsWith(" cut");
        if (!cut) return refuse(reply, Number.parseInt(fault, 10), "InternalError", "timeout");
        reply.writeHead(fault === "answer cut" ? 201 : 409);
        reply.write('{"meta', () => reply.socket?.destroy());
      });
      const error = await failure(client.create(jobs, "runs", { metadata: { name: "run-1" } }));
      expect(error.ambiguous).toBe(true);
      expect(error.object).toBe("run-1");
      expect(server.seen).toHaveLength(1);
    },
  );

  test("no answer in time: ambiguous, kind timeout", async () => {
    const { client, server } = await clientOf(() => undefined, { requestTimeoutMs: 50 });
    const error = await failure(client.create(jobs, "runs", {}));
    expect(error).toMatchObject({ kind: "timeout", ambiguous: true });
    expect(error.message).toBe('create jobs in namespace "runs" failed: the API server did not answer within 0.05 s');
    expect(server.seen).toHaveLength(1);
  });

  test("refused for the moment (429, 503 with Retry-After): repeated", async () => {
    let calls = 0;
    const { client } = await clientOf((_, reply) => {
      calls++;
      if (calls === 1) return refuse(reply, 429, "TooManyRequests", "slow", { "retry-after": "1" });
      if (calls === 2) return refuse(reply, 503, "ServiceUnavailable", "starting", { "retry-after": "1" });
      return json(reply, 201, JOB);
    });
    await client.create(jobs, "runs", {});
    expect(calls).toBe(3);
  });

  test("connection refused: repeated until the server is there", async () => {
    const created: Handler = (_, reply) => json(reply, 201, JOB);
    const gone = await ApiServer.start(created);
    const cluster = await openCluster({ kubeconfig: await gone.kubeconfig() });
    await gone.stop();
    const port = Number(new URL(gone.origin).port);
    let waits = 0;
    const clock: Clock = {
      now: () => 0,
      sleep: async () => {
        waits++;
        server = await ApiServer.start(created, "plain", port);
      },
    };
    const job = await new KubernetesClient(cluster, { clock }).create(jobs, "runs", {});
    expect(job.metadata.name).toBe("run-1");
    expect(waits).toBe(1);
    await cluster.close();
  });

  test("a patch whose first answer was lost stays ambiguous when the second is a refusal", async () => {
    let calls = 0;
    const { client } = await clientOf((_, reply) => {
      if (++calls === 1) return void reply.socket?.resetAndDestroy();
      return refuse(reply, 422, "Invalid", "the server rejected our request due to an error in our request");
    });
    const error = await failure(client.patch(jobs, "runs", "x", [{ op: "test", path: "/a", value: 1 }]));
    expect(error).toMatchObject({ status: 422, ambiguous: true });
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
