import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { KubernetesClient } from "../../src/kubernetes/client.ts";
import { openCluster } from "../../src/kubernetes/cluster.ts";
import type { OpenLog } from "../../src/kubernetes/log-stream.ts";
import { ApiServer, type Handler, type Reply, refuse } from "./support/api-server.ts";
import { eventually } from "./support/eventually.ts";

// Real sockets on a machine that may be busy: nothing here waits that long when all is well.
vi.setConfig({ testTimeout: 30_000 });

// The first call loads it, which on a busy machine takes longer than these calls get.
beforeAll(() => import("@kubernetes/client-node"), 120_000);

let server: ApiServer;
afterEach(() => server.stop());

const LOG = { namespace: "runs", pod: "p", container: "main", follow: true, timestamps: true };

async function clientOf(handler: Handler, protocol: "plain" | "h1" | "h2" = "plain", requestTimeoutMs = 5000) {
  server = await ApiServer.start(handler, protocol);
  return new KubernetesClient(await server.cluster(), { requestTimeoutMs });
}

async function open(client: KubernetesClient, signal = new AbortController().signal): Promise<OpenLog> {
  const log = await client.openLog(LOG, signal);
  if (log.kind !== "open") throw new Error(`the log is ${log.kind}`);
  return log;
}

async function text(log: OpenLog): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of log.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test("asks for what it was told to, and nothing else", async () => {
  const client = await clientOf((_, reply) => void reply.end("a\n"));
  expect(await text(await open(client))).toBe("a\n");
  await client.openLog(
    { ...LOG, follow: false, sinceTime: "2026-11-22T07:23:14Z", tailLines: 0, limitBytes: 9 },
    new AbortController().signal,
  );
  expect(server.seen.map((seen) => seen.url.search)).toEqual([
    "?container=main&follow=true&timestamps=true",
    "?container=main&follow=false&timestamps=true&sinceTime=2026-11-22T07%3A23%3A14Z&limitBytes=9&tailLines=0",
  ]);
});

test("bytes come through unchanged", async () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  const client = await clientOf((_, reply) => void reply.end(bytes));
  const log = await open(client);
  const chunks: Buffer[] = [];
  for await (const chunk of log.body) chunks.push(chunk);
  expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
});

describe("what cannot be opened is a value", () => {
  const waiting = 'container "main" in pod "p" is waiting to start: ContainerCreating';
  test.each([
    ["not-yet", 400, "BadRequest", waiting],
    ["refused", 400, "BadRequest", "container x is not valid for pod p"],
    ["gone", 404, "NotFound", 'pods "p" not found'],
    ["refused", 403, "Forbidden", "no"],
    ["refused", 422, "Invalid", "no"],
    ["failed", 429, "TooManyRequests", "slow down"],
    ["failed", 500, "InternalError", "dial tcp 10.0.0.1:10250: connect: connection refused"],
    ["failed", 503, "ServiceUnavailable", "starting"],
  ])("%s for %i %s", async (kind, status, reason, message) => {
    const client = await clientOf((_, reply) => refuse(reply, status, reason, message, { "retry-after": "3" }));
    const opening = await client.openLog(LOG, new AbortController().signal);
    expect(opening).toMatchObject({
      kind,
      error: { status, detail: message, retryAfterMs: 3000, resource: "pods/log" },
    });
  });

  test("a pod without a node answers 204: not yet", async () => {
    const client = await clientOf((_, reply) => {
      reply.writeHead(204);
      reply.end();
    });
    expect(await client.openLog(LOG, new AbortController().signal)).toMatchObject({ kind: "not-yet" });
  });

  test("a gateway's 404 is not taken for the pod's end", async () => {
    const client = await clientOf((_, reply) => {
      reply.writeHead(404);
      reply.end("default backend - 404");
    });
    expect(await client.openLog(LOG, new AbortController().signal)).toMatchObject({
      kind: "refused",
      error: { kind: "protocol" },
    });
  });

  test("no answer in time, and no server", async () => {
    const client = await clientOf(() => undefined, "plain", 50);
    expect(await client.openLog(LOG, new AbortController().signal)).toMatchObject({
      kind: "failed",
      error: { kind: "timeout" },
    });
    const gone = await ApiServer.start(() => undefined);
    const cluster = await openCluster({ kubeconfig: await gone.kubeconfig() });
    await gone.stop();
    const opening = await new KubernetesClient(cluster).openLog(LOG, new AbortController().signal);
    expect(opening).toMatchObject({ kind: "failed", error: { kind: "unreachable" } });
    await cluster.close();
  });

  test.each(["plain", "h1", "h2"] as const)(
    "a refusal whose words never come may yet become a log (%s)",
    async (protocol) => {
      let asked = 0;
      let closed = 0;
      const client = await clientOf(
        (_, reply) => {
          asked++;
          if (asked > 2) return void reply.end("a\n");
          if (asked === 2) return refuse(reply, 400, "BadRequest", waiting);
          reply.once("close", () => closed++);
          reply.writeHead(400, { "content-type": "application/json" });
          reply.write('{"kind":"Status","status":"Failure","code":400,"message":"container');
        },
        protocol,
        // Long enough for an answer of a busy machine.
        1500,
      );
      const stalled = await client.openLog(LOG, new AbortController().signal);
      expect(stalled).toMatchObject({ kind: "failed", error: { kind: "timeout", transient: true } });
      await eventually(() => closed === 1, "the server's side closes");
      expect(await client.openLog(LOG, new AbortController().signal)).toMatchObject({ kind: "not-yet" });
      expect(await text(await open(client))).toBe("a\n");
    },
  );

  test("an abort before the answer, and before the call", async () => {
    const client = await clientOf(() => undefined);
    const stop = new AbortController();
    const opening = client.openLog(LOG, stop.signal);
    await eventually(() => server.seen.length === 1, "the request arrives");
    stop.abort();
    expect(await opening).toEqual({ kind: "aborted" });
    expect(await client.openLog(LOG, stop.signal)).toEqual({ kind: "aborted" });
    await eventually(() => server.sockets.size === 0, "the socket closes");
  });
});

describe.each(["plain", "h1", "h2"] as const)("how a stream ends (%s)", (protocol) => {
  test("in order: clean", async () => {
    const client = await clientOf((_, reply) => void reply.end("a\nb\n"), protocol);
    const log = await open(client);
    expect(await text(log)).toBe("a\nb\n");
    expect(await log.end).toEqual({ end: "clean" });
  });

  test.each(["fin", "rst"] as const)("a %s in the middle: broken, with everything that came before", async (how) => {
    const client = await clientOf((_, reply) => void reply.write("a\nhalf a li"), protocol);
    const log = await open(client);
    let got = "";
    for await (const chunk of log.body) {
      got += chunk.toString();
      server.cut(how);
    }
    expect(got).toBe("a\nhalf a li");
    expect(await log.end).toMatchObject({ end: "broken", error: { kind: "unreachable" } });
  });

  test("aborted: the server sees the stream close, and the reader's loop ends", async () => {
    const replies: { closed: boolean }[] = [];
    const client = await clientOf((_, reply) => {
      const state = { closed: false };
      replies.push(state);
      reply.once("close", () => {
        state.closed = true;
      });
      reply.write("a\n");
    }, protocol);
    const stop = new AbortController();
    const log = await open(client, stop.signal);
    for await (const _ of log.body) stop.abort();
    expect(await log.end).toEqual({ end: "aborted" });
    await eventually(() => replies[0]?.closed === true, "the server's side closes");
    if (protocol !== "h2") await eventually(() => server.sockets.size === 0, "the socket closes");
  });

  test("the reader leaves: the same", async () => {
    let closed = false;
    const client = await clientOf((_, reply) => {
      reply.once("close", () => {
        closed = true;
      });
      reply.write("a\n");
    }, protocol);
    const log = await open(client);
    for await (const _ of log.body) break;
    expect(await log.end).toEqual({ end: "aborted" });
    await eventually(() => closed, "the server's side closes");
  });

  test("a stream that nobody reads may break or be aborted without harm", async () => {
    let closed = 0;
    const client = await clientOf((_, reply) => {
      reply.once("close", () => closed++);
      reply.write("a\n");
    }, protocol);
    const stop = new AbortController();
    const log = await open(client, stop.signal);
    stop.abort();
    expect(await log.end).toEqual({ end: "aborted" });
    await open(client);
    server.cut();
    await eventually(() => closed === 2, "both streams close");
  });
});

test("one HTTP/2 stream reset by the server is broken; its neighbours go on", async () => {
  const replies: Reply[] = [];
  const client = await clientOf((_, reply) => {
    replies.push(reply);
    reply.write("a\n");
  }, "h2");
  const first = await open(client);
  const second = await open(client);
  (replies[0] as unknown as { stream: { close(code: number): void } }).stream.close(2);
  expect(await text(first)).toBe("a\n");
  expect(await first.end).toMatchObject({ end: "broken" });
  replies[1]?.end("b\n");
  expect(await text(second)).toBe("a\nb\n");
  expect(await second.end).toEqual({ end: "clean" });
  expect(server.connections).toBe(1);
});
