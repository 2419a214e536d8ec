import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { Agent, Dispatcher } from "undici";
import { afterEach, expect, test } from "vitest";
import type { ClientOptions } from "../../../src/kubernetes/call-options.ts";
import { KubernetesClient } from "../../../src/kubernetes/client.ts";
import type { Cluster } from "../../../src/kubernetes/cluster.ts";
import { agentSettings } from "../../../src/kubernetes/http/agent.ts";
import { ConnectionQueue } from "../../../src/kubernetes/http/connection-queue.ts";
import { jobs, pods } from "../../../src/kubernetes/resource-types.ts";

let server: Server | undefined;
let agent: Agent | undefined;
afterEach(async () => {
  await agent?.destroy();
  server?.close();
});

/** A server that takes connections and never says anything on them, as behind a balancer whose backends hang. */
async function startSilence(): Promise<{ origin: string; connections: () => number }> {
  let connections = 0;
  server = createServer((socket) => {
    connections += 1;
    socket.on("error", () => undefined);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { origin, connections: () => connections };
}

/** A client of a server that is never connected to, and its connections. */
async function clientOfSilence(options: ClientOptions) {
  const { origin, connections } = await startSilence();
  const { settings, connect } = agentSettings({ rejectUnauthorized: false }, { connectTimeoutMs: 5_000 });
  agent = new Agent({ ...settings, connect });
  const cluster: Cluster = {
    ...{ server: new URL(origin), namespace: "runs", source: "kubeconfig", id: "silent", dispatcher: agent },
    headers: async () => ({}),
    forgetCredentials: () => undefined,
    close: async () => undefined,
  };
  return { client: new KubernetesClient(cluster, { retryForMs: 0, ...options }), connections };
}

test("calls that wait for a connection end with their own limits, not one by one with connections that fail", async () => {
  const { client, connections } = await clientOfSilence({ requestTimeoutMs: 200 });
  const calls = Array.from({ length: 50 }, () => client.get(pods, "runs", "p"));
  const settled = await Promise.allSettled(calls);
  expect(settled.map((each) => each.status === "rejected" && each.reason.kind)).toEqual(calls.map(() => "timeout"));
  // Each that fails with its connection would have taken another one.
  expect(connections()).toBeLessThanOrEqual(1);
});

test("what ended before there was a connection was not sent, and does not say that the server did not answer", async () => {
  // More than undici has of them at once.
  const { client } = await clientOfSilence({ requestTimeoutMs: 200, callsAtOnce: 150 });
  const why = "no connection to the API server within 0.2 s, so nothing was sent";
  const created = await Promise.allSettled(Array.from({ length: 150 }, () => client.create(jobs, "runs", {})));
  const ends = created.map((each) => each.status === "rejected" && [each.reason.ambiguous, each.reason.detail]);
  expect(ends).toEqual(created.map(() => [false, why]));
  const log = await client.openLog({ namespace: "runs", pod: "p", container: "c" }, new AbortController().signal);
  expect(log).toMatchObject({ kind: "failed", error: { kind: "timeout", detail: why } });
});

/** Has what it is given and begins none of it by itself, as undici without a connection. */
class Stuck extends Dispatcher {
  readonly had: Dispatcher.DispatchHandler[] = [];
  override dispatch(_: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    this.had.push(handler);
    return false;
  }
}

const controller = { abort: () => undefined } as unknown as Dispatcher.DispatchController;
const ask = (dispatcher: Dispatcher, queue: ConnectionQueue, signal: AbortSignal) =>
  dispatcher.compose(queue.until(signal)).request({ origin: "https://h", path: "/", method: "GET", signal });

test("however long there is no connection, and however often calls are made again, undici has so many of them", async () => {
  const stuck = new Stuck();
  const queue = new ConnectionQueue(10);
  for (let round = 0; round < 20; round++) {
    const limit = new AbortController();
    const calls = Array.from({ length: 100 }, () => ask(stuck, queue, limit.signal));
    limit.abort(new Error("too late"));
    await Promise.allSettled(calls);
  }
  expect(stuck.had).toHaveLength(10);
  // A connection is there: what is over makes room, and is not sent.
  const living = ask(stuck, queue, new AbortController().signal);
  for (const handler of stuck.had.slice(0, 10)) handler.onRequestStart?.(controller, null);
  await turn();
  expect(stuck.had).toHaveLength(11);
  stuck.had[10]?.onRequestStart?.(controller, null);
  stuck.had[10]?.onResponseStart?.(controller, 200, {}, "OK");
  expect((await living).statusCode).toBe(200);
});

test("thousands that fail as soon as they begin do so one after the other, not on one stack", async () => {
  const stuck = new Stuck();
  const queue = new ConnectionQueue(1);
  // One signal of thousands of listeners would be slow in itself.
  const begin = (one: Dispatcher) => ask(one, queue, new AbortController().signal);
  void begin(stuck);
  agent = new Agent();
  await agent.close();
  const closed = agent;
  const calls = Array.from({ length: 20_000 }, () => begin(closed).catch((error) => error.code));
  stuck.had[0]?.onRequestStart?.(controller, null);
  expect(new Set(await Promise.all(calls))).toEqual(new Set(["UND_ERR_DESTROYED"]));
});
