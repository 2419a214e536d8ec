import type { IncomingMessage } from "node:http";
import http2 from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Handling } from "./arrival.ts";
import type { Certificate } from "./certificate.ts";
import { handle } from "./handle.ts";
import { upgrade } from "./upgrade.ts";

/** Streams per HTTP/2 connection, as measured. */
const MAX_STREAMS = 100;
const KEEP_ALIVE = 180_000;

export interface ApiServerOptions extends Handling {
  readonly certificate: Certificate;
  /** @default 0, any free one */
  readonly port?: number;
}

export interface ApiServer {
  readonly url: string;
  /** Resets every open connection, as a restart of the API server does. */
  cutConnections(): void;
  close(): Promise<void>;
}

/** HTTPS on 127.0.0.1, HTTP/2 and HTTP/1.1 on one port. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { cert, key } = options.certificate;
  const sockets = new Set<Socket>();
  const server = http2.createSecureServer({
    allowHTTP1: true,
    cert,
    key,
    settings: { maxConcurrentStreams: MAX_STREAMS },
    keepAliveTimeout: KEEP_ALIVE,
  } as http2.SecureServerOptions);
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // A client that goes away in the middle is daily business here.
    socket.on("error", () => undefined);
  });
  server.on("sessionError", () => undefined);
  server.on("request", (request, response) => {
    void handle(request, response, options);
  });
  // A WebSocket opens over HTTP/1.1 alone: the real server offers no extended CONNECT either.
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    void upgrade(request, socket, head, options);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  const cutConnections = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `https://127.0.0.1:${port}`,
    cutConnections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cutConnections();
      }),
  };
}
