import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { KubernetesClient } from "../../../src/kubernetes/client.ts";
import { openCluster } from "../../../src/kubernetes/cluster.ts";
import { type ExecLimits, exec } from "../../../src/kubernetes/exec/exec.ts";
import { ApiServer, type Handler, refuse } from "../support/api-server.ts";
import { eventually } from "../support/eventually.ts";

// Real sockets on a machine that may be busy: nothing here waits that long when all is well.
vi.setConfig({ testTimeout: 30_000 });

let server: ApiServer;
afterEach(() => server.stop());

type Protocol = "plain" | "h1" | "h2";
const REQUEST = { namespace: "runs", pod: "p", container: "main", command: ["sh", "-c", "cat a b"] as const };
const [STDOUT, STDERR, STATUS] = [1, 2, 3];
const SUCCESS = { metadata: {}, status: "Success" };

const say = (socket: WebSocket, channel: number, text: string | Buffer): void =>
  socket.send(Buffer.concat([Buffer.of(channel), Buffer.from(text)]));
const tell = (socket: WebSocket, status: object): void => say(socket, STATUS, JSON.stringify(status));

/** A server whose `pods/exec` is the given function; `asked` are the handshakes. */
async function serve(
  talk: (socket: WebSocket) => void,
  { protocol = "plain", subprotocols = ["v5.channel.k8s.io"] }: { protocol?: Protocol; subprotocols?: string[] } = {},
): Promise<{ client: KubernetesClient; asked: IncomingMessage[] }> {
  const asked: IncomingMessage[] = [];
  server = await ApiServer.start((_, reply) => void reply.end("not a WebSocket"), protocol);
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => subprotocols.find((one) => offered.has(one)) ?? false,
  });
  server.onUpgrade((request, socket, head) => {
    asked.push(request);
    sockets.handleUpgrade(request, socket, head, talk);
  });
  return { client: new KubernetesClient(await server.cluster()), asked };
}

/** A server that answers as HTTP does. */
async function refusing(handler: Handler): Promise<KubernetesClient> {
  server = await ApiServer.start(handler);
  return new KubernetesClient(await server.cluster());
}

async function run(client: KubernetesClient, limits: ExecLimits = {}, signal = new AbortController().signal) {
  const heard: Buffer[] = [];
  const end = await exec(client.transport, REQUEST, (bytes) => void heard.push(bytes), signal, limits);
  return { end, out: Buffer.concat(heard) };
}

describe.each(["plain", "h1", "h2"] as const)("a program that ends (%s)", (protocol) => {
  test("is asked for as Kubernetes wants it, and heard to its last byte", async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const { client, asked } = await serve(
      (socket) => {
        say(socket, STDOUT, "");
        say(socket, STDOUT, bytes);
        say(socket, STDERR, "a warning");
        say(socket, STDOUT, bytes);
        tell(socket, SUCCESS);
        socket.close(1000);
      },
      { protocol },
    );
    const { end, out } = await run(client);
    expect(end).toEqual({ kind: "exited", exitCode: 0, stderr: "a warning" });
    expect(out.equals(Buffer.concat([bytes, bytes]))).toBe(true);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({
      method: "GET",
      httpVersion: "1.1",
      url: "/api/v1/namespaces/runs/pods/p/exec?command=sh&command=-c&command=cat+a+b&container=main&stdout=true&stderr=true",
      headers: {
        authorization: "Bearer secret-token",
        "user-agent": "paperclip-adapter-claude-k8s",
        "sec-websocket-protocol": "v5.channel.k8s.io, v4.channel.k8s.io",
      },
    });
    await eventually(() => server.sockets.size === 0, "the socket closes");
  });
});

describe("how a program ends", () => {
  test("with an exit code, also on a server that knows only v4", async () => {
    const causes = [{ reason: "ExitCode", message: "137" }];
    const status = { metadata: {}, status: "Failure", reason: "NonZeroExitCode", message: "…", details: { causes } };
    const talk = (socket: WebSocket): void => {
      tell(socket, status);
      socket.close(1000);
    };
    const { client } = await serve(talk, { subprotocols: ["v4.channel.k8s.io"] });
    expect((await run(client)).end).toEqual({ kind: "exited", exitCode: 137, stderr: "" });
  });

  test("not at all, because it could not be started", async () => {
    const message = 'Internal error occurred: unable to upgrade connection: container not found ("main")';
    const { client } = await serve((socket) => {
      tell(socket, { metadata: {}, status: "Failure", reason: "InternalError", message, code: 500 });
      socket.close(1000);
    });
    expect((await run(client)).end).toMatchObject({ kind: "failed", error: { status: 500, detail: message } });
  });

  test("with a status and a server that then forgets to close: what was told counts", async () => {
    const { client } = await serve((socket) => {
      say(socket, STDOUT, "all");
      tell(socket, SUCCESS);
    });
    const { end, out } = await run(client, { idleTimeoutMs: 100 });
    expect(end).toMatchObject({ kind: "exited", exitCode: 0 });
    expect(out.toString()).toBe("all");
    await eventually(() => server.sockets.size === 0, "the socket closes");
  });

  test("untold, in order: nothing is known", async () => {
    const { client } = await serve((socket) => {
      say(socket, STDOUT, "some");
      socket.close(1000);
    });
    const { end, out } = await run(client);
    expect(end).toMatchObject({ kind: "failed", error: { kind: "unreachable", detail: /before the program's end/ } });
    expect(out.toString()).toBe("some");
  });

  test.each(["fin", "rst"] as const)("by a %s in the middle: failed, with everything that came before", async (how) => {
    const { client } = await serve((socket) => say(socket, STDOUT, "some"));
    let out = "";
    const end = await exec(
      client.transport,
      REQUEST,
      (bytes) => {
        out += bytes.toString();
        server.cut(how);
      },
      new AbortController().signal,
    );
    expect(end).toMatchObject({ kind: "failed", error: { kind: "unreachable", detail: "the connection broke" } });
    expect(out).toBe("some");
  });
});

describe("what cannot be run is a value", () => {
  test.each([
    ["refused", 403, "Forbidden", 'pods "p" is forbidden: User "x" cannot create resource "pods/exec"'],
    ["gone", 404, "NotFound", 'pods "p" not found'],
    ["refused", 400, "BadRequest", "container x is not valid for pod p"],
    ["failed", 401, "Unauthorized", "Unauthorized"],
    ["failed", 429, "TooManyRequests", "slow down"],
    ["failed", 503, "ServiceUnavailable", "starting"],
  ])("%s for %i %s", async (kind, status, reason, message) => {
    const client = await refusing((_, reply) => refuse(reply, status, reason, message, { "retry-after": "3" }));
    expect((await run(client)).end).toMatchObject({
      kind,
      error: {
        kind: "status",
        status,
        reason,
        detail: message,
        resource: "pods/exec",
        object: "p",
        retryAfterMs: 3000,
      },
    });
  });

  test("a gateway's own 404 and 403 are not the cluster's word, but it is in the way", async () => {
    for (const code of [404, 403]) {
      const client = await refusing((_, reply) => {
        reply.writeHead(code, { "content-type": "text/html" });
        reply.end("<html>no</html>");
      });
      expect((await run(client)).end).toMatchObject({ kind: "refused", error: { kind: "protocol", status: code } });
      if (code === 404) await server.stop();
    }
  });

  test("a server that does not know WebSockets, or none of our protocols", async () => {
    const plain = await refusing((_, reply) => void reply.end("hello"));
    const untouched = { kind: "refused", error: { kind: "protocol", detail: /did not switch to a WebSocket/ } };
    expect((await run(plain)).end).toMatchObject(untouched);
    await server.stop();
    const { client } = await serve(() => undefined, { subprotocols: [] });
    expect((await run(client)).end).toMatchObject(untouched);
  });

  test("no server, and one that cuts the handshake", async () => {
    const gone = await ApiServer.start(() => undefined);
    const cluster = await openCluster({ kubeconfig: await gone.kubeconfig() });
    await gone.stop();
    const { end } = await run(new KubernetesClient(cluster));
    expect(end).toMatchObject({ kind: "failed", error: { kind: "unreachable", code: "ECONNREFUSED" } });
    await cluster.close();
    const { client } = await serve(() => undefined);
    server.onUpgrade((_, socket) => socket.destroy());
    expect((await run(client)).end).toMatchObject({ kind: "failed", error: { kind: "unreachable" } });
  });
});

describe("nothing is waited for without end", () => {
  test("a handshake that is not answered", async () => {
    const client = await refusing(() => undefined);
    expect((await run(client, { openTimeoutMs: 100 })).end).toMatchObject({
      kind: "failed",
      error: { kind: "timeout" },
    });
    await eventually(() => server.sockets.size === 0, "the socket closes");
  });

  test("a program that falls silent", async () => {
    const { client } = await serve((socket) => say(socket, STDOUT, "some"));
    const { end, out } = await run(client, { idleTimeoutMs: 100 });
    expect(end).toMatchObject({
      kind: "failed",
      error: { kind: "timeout", detail: "the connection was idle for too long" },
    });
    expect(out.toString()).toBe("some");
    await eventually(() => server.sockets.size === 0, "the socket closes");
  });

  test("a program that speaks now and then is not silent", async () => {
    const { client } = await serve((socket) => {
      let times = 0;
      const timer = setInterval(() => {
        say(socket, STDOUT, ".");
        if (++times < 8) return;
        clearInterval(timer);
        tell(socket, SUCCESS);
        socket.close(1000);
      }, 150);
    });
    const { end, out } = await run(client, { idleTimeoutMs: 1000 });
    expect(end).toMatchObject({ kind: "exited" });
    expect(out.toString()).toBe("........");
  });
});

describe("an abort", () => {
  test("in the middle ends it at once and closes the socket, although the server answers nothing any more", async () => {
    const client = await refusing(() => undefined);
    server.onUpgrade(({ headers }, socket) => {
      const key = `${headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
      const accept = createHash("sha1").update(key).digest("base64");
      const lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
      const more = [`Sec-WebSocket-Accept: ${accept}`, "Sec-WebSocket-Protocol: v5.channel.k8s.io", "", ""];
      socket.write([...lines, ...more].join("\r\n"));
      socket.write(Buffer.of(0x82, 2, STDOUT, 65));
      // Reads, but for the socket's own end nothing moves it.
      socket.resume().once("end", () => socket.destroy());
    });
    const stop = new AbortController();
    expect(await exec(client.transport, REQUEST, () => stop.abort(), stop.signal)).toEqual({ kind: "aborted" });
    await eventually(() => server.sockets.size === 0, "the socket closes");
  });

  test("nothing is heard behind it, not even what has come already", async () => {
    const { client } = await serve((socket) => {
      for (let count = 0; count < 100; count++) say(socket, STDOUT, "x".repeat(1000));
      tell(socket, SUCCESS);
      socket.close(1000);
    });
    const stop = new AbortController();
    let heard = 0;
    const enough = (): void => {
      heard++;
      if (heard === 3) stop.abort();
    };
    expect(await exec(client.transport, REQUEST, enough, stop.signal)).toEqual({ kind: "aborted" });
    expect(heard).toBe(3);
  });

  test("before the handshake is answered, and before the call", async () => {
    const client = await refusing(() => undefined);
    const stop = new AbortController();
    const ended = run(client, {}, stop.signal);
    await eventually(() => server.seen.length === 1, "the request arrives");
    stop.abort();
    expect((await ended).end).toEqual({ kind: "aborted" });
    await eventually(() => server.sockets.size === 0, "the socket closes");
    expect((await run(client, {}, stop.signal)).end).toEqual({ kind: "aborted" });
    expect(server.seen).toHaveLength(1);
  });
});

test("a consumer that throws is a bug, not an end: it is thrown on, and the socket closes", async () => {
  const { client } = await serve((socket) => say(socket, STDOUT, "some"));
  const bug = new Error("a bug");
  const consume = (): void => {
    throw bug;
  };
  await expect(exec(client.transport, REQUEST, consume, new AbortController().signal)).rejects.toBe(bug);
  await eventually(() => server.sockets.size === 0, "the socket closes");
});
