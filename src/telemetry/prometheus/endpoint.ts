/** `GET /metrics` for Prometheus, where the operator wants it. It holds nothing open: it ends with the process. */
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { processTelemetry } from "../process-telemetry.ts";
import type { Telemetry } from "../telemetry.ts";
import { watchEventLoop } from "./event-loop.ts";
import { createRegistry } from "./registry.ts";

export interface EndpointOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Tells the operator something, in a sentence. */
  readonly log: (message: string) => void;
  /** Closes it. */
  readonly signal: AbortSignal;
  /** @default that of this process */
  readonly telemetry?: Pick<Telemetry, "connect">;
  /** Milliseconds between attempts to listen. @default 15000 */
  readonly retryMs?: number;
  /** @default nobody */
  readonly onListening?: (port: number) => void;
}

/** Milliseconds for a client to send its request. */
const REQUEST_MS = 5_000;
const MAX_CONNECTIONS = 20;

/**
 * Listens until the signal aborts. A port that is taken is told once and tried again: a server that restarts meets its
 * predecessor for some seconds, and the other of two servers on one machine needs a port of its own. Never rejects.
 */
export async function serveMetrics(options: EndpointOptions): Promise<void> {
  const { host, port, log, signal, telemetry = processTelemetry, retryMs = 15_000, onListening } = options;
  // Another copy of the package may have come before this one was loaded.
  if (signal.aborted) return;
  const { registry, sink } = createRegistry();
  const stops = [telemetry.connect(sink), watchEventLoop(registry)];
  signal.addEventListener("abort", () => stops.forEach((stop) => void stop()), { once: true });
  for (let told = false; !signal.aborted; told = true) {
    const server = metricsServer(() => registry.metrics(), registry.contentType);
    const problem = await listen(server, host, port);
    if (problem === null) {
      onListening?.((server.address() as AddressInfo).port);
      await closed(server, signal);
      continue;
    }
    if (!told) log(`Metrics are not served: ${problem}. It is tried again; nothing else is affected.`);
    await sleep(retryMs, undefined, { signal, ref: false }).catch(() => "the signal has aborted");
  }
}

function metricsServer(metrics: () => Promise<string>, contentType: string): Server {
  const server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS }, (request, response) => {
    const path = request.url?.split("?")[0];
    const { method } = request;
    if (path !== "/metrics") response.writeHead(404).end("Metrics are at /metrics\n");
    else if (method !== "GET" && method !== "HEAD") response.writeHead(405, { allow: "GET, HEAD" }).end();
    else answer(response, metrics, contentType);
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.on("connection", (socket) => socket.unref());
  return server.unref();
}

function answer(response: ServerResponse, metrics: () => Promise<string>, contentType: string): void {
  metrics().then(
    (text) => response.writeHead(200, { "content-type": contentType }).end(text),
    () => response.writeHead(500).end(),
  );
}

/** What is in the way, in a clause; null when it listens. */
function listen(server: Server, host: string, port: number): Promise<string | null> {
  const where = `${host}:${port} (PAPERCLIP_K8S_METRICS)`;
  return new Promise((resolve) => {
    server.once("error", ({ code, message }: NodeJS.ErrnoException) => {
      if (code === "EADDRINUSE") resolve(`${where} is taken by another program`);
      else if (code === "EADDRNOTAVAIL") resolve(`${where} is no address of this machine`);
      else if (code === "EACCES") resolve(`this process may not listen on ${where}`);
      else resolve(`${where}: ${message}`);
    });
    server.listen({ host, port }, () => resolve(null));
  });
}

/** Resolves when the server is closed, by the signal or by itself. */
function closed(server: Server, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const close = (): void => {
      server.close(() => resolve());
      server.closeAllConnections();
    };
    server.on("error", close);
    if (signal.aborted) close();
    else signal.addEventListener("abort", close, { once: true });
  });
}
