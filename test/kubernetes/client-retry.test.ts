import { constants, type Http2ServerResponse } from "node:http2";
import { describe, expect, test, vi } from "vitest";
import { KubernetesClient } from "../../src/kubernetes/client.ts";
import type { Clock } from "../../src/kubernetes/clock.ts";
import { openCluster } from "../../src/kubernetes/cluster.ts";
import { configMaps, jobs } from "../../src/kubernetes/resource-types.ts";
import { ApiServer, type Handler, json, type Reply, refuse } from "./support/api-server.ts";
import { clientOf, failure, JOB } from "./support/one-client.ts";

// Real sockets on a machine that may be busy: nothing here waits that long when all is well.
vi.setConfig({ testTimeout: 30_000 });

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

  const MISSING =
    'jobs.batch is forbidden: User "system:serviceaccount:paperclip:paperclip" cannot create resource "jobs" in API group "batch" in the namespace "runs"';

  test.each(["create", "list", "patch"] as const)(
    "a right that an API server denies in its first seconds is asked for again: %s",
    async (verb) => {
      let calls = 0;
      const { client } = await clientOf((_, reply) => {
        if (++calls < 3) return refuse(reply, 403, "Forbidden", MISSING);
        return json(reply, 200, verb === "list" ? { items: [JOB], metadata: { resourceVersion: "7" } } : JOB);
      });
      if (verb === "create") await client.create(jobs, "runs", { metadata: { name: "run-1" } });
      else if (verb === "list") await client.list(jobs, "runs");
      else await client.patch(jobs, "runs", "run-1", {});
      expect(calls).toBe(3);
    },
  );

  test("so it is by one that comes back after it was away for longer than that", async () => {
    let calls = 0;
    const { client, clock } = await clientOf((_, reply) => {
      if (++calls === 1) return refuse(reply, 503, "ServiceUnavailable", "starting", { "retry-after": "20" });
      if (calls < 4) return refuse(reply, 403, "Forbidden", MISSING);
      return json(reply, 201, JOB);
    });
    await client.create(jobs, "runs", { metadata: { name: "run-1" } });
    expect(calls).toBe(4);
    expect(clock.slept[0]).toBeGreaterThanOrEqual(20_000);
  });

  // Admission plugins of an API server that has just started refuse until they have their own lists.
  test("a server that is not yet ready to admit is waited for as one that is away", async () => {
    const { client, clock } = await clientOf((_, reply) => {
      if (clock.now() - began > 20_000) return json(reply, 201, JOB);
      const message = 'jobs.batch "run-1" is forbidden: not yet ready to handle request';
      return refuse(reply, 403, "Forbidden", message);
    });
    const began = clock.now();
    await client.create(jobs, "runs", { metadata: { name: "run-1" } });
    expect(clock.now() - began).toBeGreaterThan(20_000);
  });

  test("a right that is missing is reported within five seconds, in the server's own words", async () => {
    const { client, clock } = await clientOf((_, reply) => refuse(reply, 403, "Forbidden", MISSING));
    const error = await failure(client.create(jobs, "runs", { metadata: { name: "run-1" } }));
    expect(error).toMatchObject({ forbidden: true, ambiguous: false, detail: MISSING });
    expect(clock.slept.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(5_000);
  });

  test.each(["version", "get", "create", "list", "patch", "delete"] as const)(
    "a 401 while tokens are rotated is not believed: %s",
    async (verb) => {
      const { client, clock } = await clientOf((_, reply) => {
        if (clock.now() - began < 25_000) return refuse(reply, 401, "Unauthorized", "Unauthorized");
        return json(reply, 200, verb === "list" ? { items: [JOB], metadata: { resourceVersion: "7" } } : JOB);
      });
      const began = clock.now();
      if (verb === "version") await client.version();
      else if (verb === "list") await client.list(jobs, "runs");
      else if (verb === "create") await client.create(jobs, "runs", { metadata: { name: "run-1" } });
      else if (verb === "patch") await client.patch(jobs, "runs", "run-1", {});
      else await client[verb](jobs, "runs", "run-1");
      expect(clock.now() - began).toBeGreaterThanOrEqual(25_000);
    },
  );

  test("a 401 that stays is reported within forty seconds, and until then it is known what is waited for", async () => {
    let waiting: unknown = null;
    const { client, clock } = await clientOf((_, reply) => {
      waiting = client.retriedCall()?.error;
      return refuse(reply, 401, "Unauthorized", "Unauthorized");
    });
    const error = await failure(client.create(jobs, "runs", { metadata: { name: "run-1" } }));
    expect(error).toMatchObject({ unauthorized: true, ambiguous: false });
    expect(waiting).toMatchObject({ status: 401 });
    expect(client.retriedCall()).toBeNull();
    expect(clock.slept.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(40_000);
  });

  test.each([
    'jobs.batch "run-1" is forbidden: exceeded quota: q, requested: count/jobs.batch=1, used: 1, limited: 1',
    'admission webhook "policy.example" denied the request: you cannot have this',
  ])("what an admission refuses is not repeated: %s", async (message) => {
    const { client, server } = await clientOf((_, reply) => refuse(reply, 403, "Forbidden", message));
    expect(await failure(client.create(jobs, "runs", {}))).toMatchObject({ forbidden: true });
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
    let back: ApiServer | undefined;
    const clock: Clock = {
      now: () => 0,
      sleep: async () => {
        waits++;
        back = await ApiServer.start(created, "plain", port);
      },
    };
    const job = await new KubernetesClient(cluster, { clock }).create(jobs, "runs", {});
    expect(job.metadata.name).toBe("run-1");
    expect(waits).toBe(1);
    await cluster.close();
    await back?.stop();
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
