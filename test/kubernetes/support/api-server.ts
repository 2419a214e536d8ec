import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import http2, { type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import https from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Duplex } from "node:stream";
import { openCluster } from "../../../src/kubernetes/cluster.ts";

/** What one request was, read whole. */
export interface Seen {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  readonly httpVersion: string;
  /** Common name of the client's certificate. */
  readonly clientName: string | undefined;
}

/** HTTP/1.1 and HTTP/2 look the same through Node's compatibility layer. */
export type Reply = ServerResponse;
export type Handler = (seen: Seen, reply: Reply) => void | Promise<void>;

export const fixture = (name: string): string => path.join(import.meta.dirname, "..", "fixtures", name);

/** A real server on 127.0.0.1. `h2` offers both protocols by ALPN, as the API server does; `h1` is TLS without it. */
export class ApiServer {
  readonly seen: Seen[] = [];
  readonly sockets = new Set<Socket>();
  readonly origin: string;
  connections = 0;
  handler: Handler;
  /** No request's body is read before. */
  reads: Promise<void> = Promise.resolve();
  /** Requests may be given up before they are read. */
  breaksOff = false;
  readonly #server: http.Server | https.Server | http2.Http2SecureServer;
  readonly #sessions = new Set<http2.ServerHttp2Session>();
  readonly #cleanups: (() => Promise<void>)[] = [];

  private constructor(server: http.Server | https.Server | http2.Http2SecureServer, origin: string, handler: Handler) {
    this.#server = server;
    this.origin = origin;
    this.handler = handler;
  }

  static async start(handler: Handler, protocol: "plain" | "h1" | "h2" = "plain", port = 0): Promise<ApiServer> {
    const tls = {
      cert: readFileSync(fixture("server.crt")),
      key: readFileSync(fixture("server.key")),
      ca: readFileSync(fixture("ca.crt")),
      requestCert: true,
      rejectUnauthorized: false,
    };
    const server =
      protocol === "plain"
        ? http.createServer()
        : protocol === "h1"
          ? https.createServer(tls)
          : http2.createSecureServer({ ...tls, allowHTTP1: true, maxSessionMemory: 1000 });
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    const { port: chosen } = server.address() as AddressInfo;
    const api = new ApiServer(server, `${protocol === "plain" ? "http" : "https"}://127.0.0.1:${chosen}`, handler);
    api.#listen();
    return api;
  }

  #listen(): void {
    this.#server.on("connection", (socket: Socket) => {
      this.connections++;
      this.sockets.add(socket);
      socket.on("error", () => undefined);
      socket.once("close", () => this.sockets.delete(socket));
    });
    this.#server.on("session", (session: http2.ServerHttp2Session) => {
      this.#sessions.add(session);
      session.on("error", () => undefined);
      session.once("close", () => this.#sessions.delete(session));
    });
    this.#server.on("request", (request: IncomingMessage, reply: ServerResponse) => {
      this.#serve(request, reply).catch((error: NodeJS.ErrnoException) => {
        if (!this.breaksOff || error.code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
      });
    });
  }

  async #serve(request: IncomingMessage | Http2ServerRequest, reply: ServerResponse | Http2ServerResponse) {
    reply.on("error", () => undefined);
    request.on("error", () => undefined);
    const chunks: Buffer[] = [];
    await this.reads;
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const socket = request.socket as Partial<import("node:tls").TLSSocket>;
    const seen: Seen = {
      method: request.method ?? "",
      url: new URL(request.url ?? "/", this.origin),
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
      httpVersion: request.httpVersion,
      clientName: socket.getPeerCertificate?.().subject?.CN as string | undefined,
    };
    this.seen.push(seen);
    await this.handler(seen, reply as Reply);
  }

  /** Requests that ask to leave HTTP go to the listener; without one they are like any other. */
  onUpgrade(listener: (request: IncomingMessage, socket: Duplex, head: Buffer) => void): void {
    this.#server.on("upgrade", listener);
  }

  /** Opens a cluster through a kubeconfig file, which is removed with the server. */
  async cluster(user: object = { token: "secret-token" }, cluster: object = {}) {
    const opened = await openCluster({ kubeconfig: await this.kubeconfig(user, cluster) });
    this.#cleanups.unshift(() => opened.close());
    return opened;
  }

  async kubeconfig(user: object = { token: "secret-token" }, cluster: object = {}): Promise<string> {
    const directory = await this.directory();
    const file = path.join(directory, "kubeconfig");
    const trust = this.origin.startsWith("https") ? { "certificate-authority": fixture("ca.crt") } : {};
    await writeFile(
      file,
      JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        clusters: [{ name: "test", cluster: { server: this.origin, ...trust, ...cluster } }],
        users: [{ name: "user", user }],
        contexts: [{ name: "main", context: { cluster: "test", user: "user", namespace: "runs" } }],
        "current-context": "main",
      }),
    );
    return file;
  }

  /** A private folder, removed with the server. */
  async directory(): Promise<string> {
    const directory = await mkdtemp(path.join(tmpdir(), "kubernetes-test-"));
    this.#cleanups.push(() => rm(directory, { recursive: true, force: true }));
    return directory;
  }

  /** Ends every connection: by FIN, or by RST. */
  cut(how: "fin" | "rst" = "rst"): void {
    for (const socket of this.sockets) {
      if (how === "rst") socket.resetAndDestroy();
      else socket.destroy();
    }
  }

  async stop(): Promise<void> {
    for (const cleanup of this.#cleanups) await cleanup();
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const session of this.#sessions) session.destroy();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}

export function json(reply: Reply, status: number, body: object, headers: Record<string, string> = {}): void {
  reply.writeHead(status, { "content-type": "application/json", ...headers });
  reply.end(JSON.stringify(body));
}

/** A refusal in the API's own words. */
export function refuse(
  reply: Reply,
  code: number,
  reason: string,
  message: string,
  headers: Record<string, string> = {},
) {
  json(reply, code, { kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message }, headers);
}
