import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { Agent, type Dispatcher } from "undici";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { KubernetesClient } from "../../../src/kubernetes/client.ts";
import { openCluster } from "../../../src/kubernetes/cluster.ts";
import { agentSettings } from "../../../src/kubernetes/http/agent.ts";
import { pods } from "../../../src/kubernetes/resource-types.ts";
import { ApiServer, type Handler, json, type Reply } from "../support/api-server.ts";
import { eventually } from "../support/eventually.ts";
import { startRelay } from "../support/relay.ts";

// Real sockets on a machine that may be busy: nothing here waits that long when all is well.
vi.setConfig({ testTimeout: 30_000 });

let server: ApiServer;
afterEach(() => server?.stop());

/** Logs stay open and silent after one line; everything else answers. */
function silentLogs(open: Reply[]): Handler {
  return (seen, reply) => {
    if (!seen.url.pathname.endsWith("/log")) return json(reply, 200, { metadata: { name: "p" } });
    open.push(reply);
    reply.writeHead(200, { "content-type": "text/plain" });
    reply.write("hello\n");
  };
}

async function follow(client: KubernetesClient, pod: string, signal: AbortSignal) {
  const log = await client.openLog({ namespace: "runs", pod, container: "main", follow: true }, signal);
  if (log.kind !== "open") throw new Error(`the log is ${log.kind}`);
  const chunks = log.body[Symbol.asyncIterator]();
  expect(String((await chunks.next()).value)).toBe("hello\n");
  return { log, chunks };
}

describe("one connection", () => {
  test("carries 90 log streams and the calls beside them over HTTP/2", async () => {
    const open: Reply[] = [];
    server = await ApiServer.start(silentLogs(open), "h2");
    const client = new KubernetesClient(await server.cluster());
    const stop = new AbortController();
    await Promise.all(Array.from({ length: 90 }, (_, index) => follow(client, `p${index}`, stop.signal)));
    await Promise.all(Array.from({ length: 9 }, () => client.get(pods, "runs", "p")));
    expect(server.seen.every((seen) => seen.httpVersion === "2.0")).toBe(true);
    expect(server.connections).toBe(1);
    stop.abort();
  });

  test("is not shared where the server speaks HTTP/1.1 only: each stream has its own", async () => {
    const open: Reply[] = [];
    server = await ApiServer.start(silentLogs(open), "h1");
    const client = new KubernetesClient(await server.cluster());
    const stop = new AbortController();
    await Promise.all(["a", "b", "c"].map((pod) => follow(client, pod, stop.signal)));
    expect(server.connections).toBe(3);
    stop.abort();
    await eventually(() => server.sockets.size === 0, "the streams' sockets close");
  });

  test("streams nobody reads hold up no other one, however many they are", async () => {
    const big = Buffer.alloc(1024 * 1024, "x");
    server = await ApiServer.start((seen, reply) => {
      if (seen.url.pathname.endsWith("/log")) return void reply.write(big);
      return json(reply, 200, { metadata: { name: "p" }, data: "y".repeat(2_000_000) });
    }, "h2");
    const client = new KubernetesClient(await server.cluster());
    const stop = new AbortController();
    const request = { namespace: "runs", pod: "p", container: "main", follow: true };
    for (let count = 0; count < 60; count++) {
      expect(await client.openLog(request, stop.signal)).toMatchObject({ kind: "open" });
    }
    expect((await client.get(pods, "runs", "p")).metadata.name).toBe("p");
    expect(server.connections).toBe(1);
    stop.abort();
  });
});

describe("silence", () => {
  test("no body timeout; headers and connections have one", () => {
    const { settings, connect } = agentSettings({}, {});
    expect(settings).toMatchObject({ bodyTimeout: 0, headersTimeout: 20_000, allowH2: true });
    expect(connect).toMatchObject({ keepAlive: true, keepAliveInitialDelay: 30_000, timeout: 10_000 });
  });

  test.each(["h1", "h2"] as const)(
    "a stream outlives what ends another one with a body timeout (%s)",
    async (protocol) => {
      const open: Reply[] = [];
      server = await ApiServer.start(silentLogs(open), protocol);
      const client = new KubernetesClient(await server.cluster());
      const stop = new AbortController();
      const { log, chunks } = await follow(client, "p", stop.signal);
      // The control: the same server and silence, with the limit that undici has by default, only shorter.
      const control = new Agent({ bodyTimeout: 100, connect: { rejectUnauthorized: false } });
      const other = await control.request({ origin: server.origin, path: "/log", method: "GET" });
      await expect(drain(other)).rejects.toMatchObject({ code: "UND_ERR_BODY_TIMEOUT" });
      open[0]?.end("still here\n");
      expect(String((await chunks.next()).value)).toBe("still here\n");
      expect((await chunks.next()).done).toBe(true);
      expect(await log.end).toEqual({ end: "clean" });
      await control.destroy();
    },
  );
});

describe("a connection that died without a word", () => {
  test("its limit for headers is well below that of a call: only then is the connection itself suspected", () => {
    expect(agentSettings({}, {}).settings.headersTimeout).toBeLessThanOrEqual(20_000);
  });

  test.each(["h1", "h2"] as const)("is given up, and the call goes out on a new one (%s)", async (protocol) => {
    server = await ApiServer.start((_, reply) => json(reply, 200, { metadata: { name: "p" } }), protocol);
    await using relay = await startRelay(Number(new URL(server.origin).port));
    const opened = await openCluster(
      { kubeconfig: await server.kubeconfig(undefined, { server: relay.origin }) },
      undefined,
      { headersTimeoutMs: 500 },
    );
    const client = new KubernetesClient(opened, { requestTimeoutMs: 3000, retryForMs: 10_000 });
    await client.get(pods, "runs", "p");
    relay.freeze();
    const answers = await Promise.all(Array.from({ length: 5 }, () => client.get(pods, "runs", "p")));
    expect(answers).toHaveLength(5);
    expect(relay.connections).toBeGreaterThan(1);
    await opened.close();
  });
});

describe("the process", () => {
  // Without resetUnsent it makes empty frames for ever, and takes all memory.
  test("answers after requests were given up whose bodies no server read, once that reads again", async () => {
    server = await ApiServer.start((_, reply) => json(reply, 200, { metadata: { name: "p" } }), "h2");
    const script = path.join(import.meta.dirname, "..", "support", "gives-up.ts");
    const child = spawn(process.execPath, [script, await server.kubeconfig()], { stdio: ["pipe", "pipe", "inherit"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    await eventually(() => server.seen.length === 1, "its first call came");
    const reading = Promise.withResolvers<void>();
    server.reads = reading.promise;
    server.breaksOff = true;
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe("given up: 12");
    reading.resolve();
    child.stdin.write("go\n");
    expect((await lines.next()).value).toBe("answered");
  });

  test.each(["plain", "h2"] as const)(
    "ends by itself when nothing is under way, with the cluster still open (%s)",
    async (protocol) => {
      const open: Reply[] = [];
      server = await ApiServer.start(silentLogs(open), protocol);
      const script = path.join(import.meta.dirname, "..", "support", "idle-process.ts");
      const child = spawn(process.execPath, [script, await server.kubeconfig()], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const output: Buffer[] = [];
      child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
      const killer = setTimeout(() => child.kill("SIGKILL"), 20_000);
      const [code, signal] = await once(child, "close");
      clearTimeout(killer);
      expect({ code, signal, output: Buffer.concat(output).toString() }).toEqual({
        code: 0,
        signal: null,
        output: "done\n",
      });
    },
    30_000,
  );
});

async function drain(answer: Dispatcher.ResponseData): Promise<void> {
  for await (const _ of answer.body) {
    // Only its end matters.
  }
}
