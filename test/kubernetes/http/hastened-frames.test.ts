import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { type ClientHttp2Stream, connect, createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { KubernetesClient } from "../../../src/kubernetes/client.ts";
import { hasten, hastenStreams } from "../../../src/kubernetes/http/hastened-frames.ts";
import { pods } from "../../../src/kubernetes/resource-types.ts";
import { cases } from "../../support/thoroughness.ts";
import { ApiServer, json } from "../support/api-server.ts";

// Real sockets on a machine that may be busy: nothing here waits that long when all is well.
vi.setConfig({ testTimeout: 60_000 });

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

/** A client's session to a server that answers each request with these pieces, each a frame or more. */
async function sessionTo(pieces: () => readonly Buffer[]) {
  const server = createServer();
  server.on("stream", (stream: ServerHttp2Stream) => {
    stream.on("error", () => undefined);
    stream.respond({ ":status": 200 });
    for (const piece of pieces()) stream.write(piece);
    stream.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanUps.push(() => new Promise((resolve) => server.close(resolve)));
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  cleanUps.push(() => new Promise<void>((resolve) => session.close(resolve)));
  return session;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("a hastened stream gives each byte once and in order, however often its reader pauses", async () => {
  let pieces: Buffer[] = [];
  const session = await sessionTo(() => pieces);
  const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 40_000 })), {
    maxLength: 60,
  });
  await fc.assert(
    fc.asyncProperty(sizes, fc.integer({ min: 1, max: 20 }), fc.nat({ max: 3 }), async (lengths, every, turns) => {
      pieces = lengths.map((length, n) => Buffer.alloc(length, `${n},`));
      const stream = session.request({ ":path": "/log" });
      hasten(stream);
      const read: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => {
        read.push(chunk);
        if (read.length % every !== 0) return;
        stream.pause();
        void (async () => {
          for (let at = 0; at < turns; at++) await turn();
          stream.resume();
        })();
      });
      await once(stream, "end");
      expect(Buffer.concat(read).equals(Buffer.concat(pieces))).toBe(true);
    }),
    { numRuns: cases(100) },
  );
});

test("a frame that comes before the stream has flowed again stays behind those that wait", async () => {
  const session = await sessionTo(() => []);
  const stream = session.request({ ":path": "/log" });
  hasten(stream);
  const read: string[] = [];
  stream.on("data", (chunk: Buffer) => read.push(chunk.toString()));
  stream.pause();
  stream.push(Buffer.from("a"));
  stream.resume();
  stream.push(Buffer.from("b"));
  await once(stream, "end");
  expect(read.join("")).toBe("ab");
});

test("a reader that pauses holds the sender back by the stream's own account", async () => {
  const big = Buffer.alloc(8 * 1024 * 1024, "x");
  const session = await sessionTo(() => [big]);
  const stream = session.request({ ":path": "/log" });
  hasten(stream);
  let bytes = 0;
  const first = once(stream, "data");
  stream.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
  });
  await first;
  stream.pause();
  const atPause = bytes;
  // Whatever the window lets through has come before the answer to a ping that was sent later.
  await new Promise((resolve) => session.ping(resolve));
  expect(bytes).toBe(atPause);
  expect(stream.readableLength).toBeLessThan(1024 * 1024);
  stream.resume();
  await once(stream, "end");
  expect(bytes).toBe(big.length);
});

test("the client hastens the streams of logs, and no other", async () => {
  const seen = new Map<string, ClientHttp2Stream>();
  const onCreated = (message: unknown): void => {
    const { stream, headers } = message as { stream: ClientHttp2Stream; headers: Record<string, string> };
    seen.set(headers[":path"]?.replace(/\?.*/, "") ?? "", stream);
  };
  subscribe("http2.client.stream.created", onCreated);
  cleanUps.push(() => unsubscribe("http2.client.stream.created", onCreated));
  const server = await ApiServer.start((request, reply) => {
    if (request.url.pathname.endsWith("/log")) return void reply.end("a\n");
    return json(reply, 200, { metadata: { name: "p" } });
  }, "h2");
  cleanUps.push(() => server.stop());
  const client = new KubernetesClient(await server.cluster());
  const { signal } = new AbortController();
  const log = await client.openLog({ namespace: "runs", pod: "p", container: "main" }, signal);
  if (log.kind !== "open") throw new Error(`the log is ${log.kind}`);
  const chunks: Buffer[] = [];
  for await (const chunk of log.body) chunks.push(chunk);
  expect(Buffer.concat(chunks).toString()).toBe("a\n");
  await client.get(pods, "runs", "p");
  const hastened = [...seen].map(([path, stream]) => [path.replace(/.*\/pods/, "pods"), Object.hasOwn(stream, "push")]);
  expect(hastened).toEqual([
    ["pods/p/log", true],
    ["pods/p", false],
  ]);
});

test("no stream is hastened that is opened after the answer has begun", async () => {
  const session = await sessionTo(() => [Buffer.from("a\n")]);
  const begun = hastenStreams("/log");
  const first = session.request({ ":path": "/log" });
  const other = session.request({ ":path": "/other" });
  begun();
  const late = session.request({ ":path": "/log" });
  expect([first, other, late].map((stream) => Object.hasOwn(stream, "push"))).toEqual([true, false, false]);
  for (const stream of [first, other, late]) stream.resume();
  await Promise.all([first, other, late].map((stream) => once(stream, "end")));
});
