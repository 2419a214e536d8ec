/**
 * As much of an API server as `kubectl logs -f` needs, over TLS, HTTP/1.1 and HTTP/2: discovery, one Pod, and its log as the
 * real one frames it. A process of its own, so that its work is not measured. Told by its parent what log to serve.
 */
import { once } from "node:events";
import { createServer as createHttpServer, type ServerResponse } from "node:http";
import { performServerHandshake, type ServerHttp2Session } from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import { createServer, type TLSSocket } from "node:tls";
import { createCertificate } from "../../devcluster/src/api/certificate.ts";
import { Http2Splice } from "./http2-splice.ts";
import { type Framing, type StoredLog, storeLog } from "./stored-log.ts";

export interface Load {
  readonly bytes: number;
  readonly lineBytes: number;
  readonly framing: Framing;
  /** `MB/s`, `lines/s`, or null: as fast as the client takes them. */
  readonly pace: { readonly megabytes: number } | { readonly lines: number } | null;
}

const BATCH_BYTES = 65_536;
/** OpenSSL takes no less. */
const MIN_RECORD_BYTES = 512;
const MAX_RECORD_BYTES = 16_384;
const TLS_OF = { minVersion: "TLSv1.3" } as const;

let log: StoredLog;
let load: Load;

const { cert, key } = await createCertificate();
const server = createServer({ cert, key, ALPNProtocols: ["h2", "http/1.1"], ...TLS_OF }, (socket) => {
  socket.setNoDelay(true);
  socket.on("error", () => undefined);
  // A flushed line is a record of its own.
  const piece = log.ends.length > 1 ? (log.ends[1] ?? 0) - (log.ends[0] ?? 0) : MAX_RECORD_BYTES;
  socket.setMaxSendFragment(Math.min(MAX_RECORD_BYTES, Math.max(MIN_RECORD_BYTES, piece + 16)));
  if (socket.alpnProtocol === "h2") serveHttp2(socket);
  else http1.emit("connection", socket);
});

const http1 = createHttpServer((request, response) => {
  if (!isLog(request.url)) return answer(request.url ?? "", response);
  response.writeHead(200, { "content-type": "text/plain", "transfer-encoding": "chunked" });
  response.flushHeaders();
  const socket = response.socket as TLSSocket;
  void send(
    socket,
    (out, at, bytes) => {
      const head = at + out.write(`${bytes.length.toString(16)}\r\n`, at, "latin1");
      const end = head + bytes.copy(out, head);
      return end + out.write("\r\n", end, "latin1");
    },
    () => Promise.resolve(Number.MAX_SAFE_INTEGER),
  ).then(() => socket.write("0\r\n\r\n"));
});

function serveHttp2(socket: TLSSocket): void {
  const splice = new Http2Splice(socket);
  const session = performServerHandshake(splice) as ServerHttp2Session;
  session.on("error", () => undefined);
  session.on("stream", (stream, headers) => {
    const path = headers[":path"];
    stream.on("error", () => undefined);
    if (!isLog(path)) {
      stream.respond({ ":status": statusOf(path ?? ""), "content-type": "application/json" });
      stream.end(JSON.stringify(objectAt(path ?? "")));
      return;
    }
    const id = stream.id ?? 0;
    stream.respond({ ":status": 200, "content-type": "text/plain" });
    // Its head must be on the way before the first frame that is put in behind it.
    setImmediate(() =>
      setImmediate(
        () =>
          void send(
            socket,
            (out, at, bytes) => splice.frame(out, at, id, bytes),
            () => splice.room(id),
          ).then(() => socket.write(splice.last(id))),
      ),
    );
  });
}

/** Writes the log piece by piece at its pace. */
async function send(
  socket: TLSSocket,
  put: (out: Buffer, at: number, bytes: Buffer) => number,
  room: () => Promise<number>,
): Promise<void> {
  const { pace } = load;
  const { body, ends } = log;
  const start = performance.now();
  let from = 0;
  for (let piece = 0; piece < ends.length && !socket.destroyed; ) {
    const due = dueMs(pace, from, piece);
    const early = due - (performance.now() - start);
    if (early > 1) await sleep(early);
    const out = Buffer.allocUnsafeSlow(2 * BATCH_BYTES);
    let at = 0;
    let free = await room();
    while (piece < ends.length && at < BATCH_BYTES && free > 0) {
      const end = Math.min(ends[piece] ?? 0, from + free);
      at = put(out, at, body.subarray(from, end));
      free -= end - from;
      from = end;
      if (end === ends[piece]) piece++;
      if (pace && "lines" in pace) break;
    }
    if (!socket.write(out.subarray(0, at))) await drained(socket);
  }
}

/** Resolves when there is room again, or nobody reads any more. */
async function drained(socket: TLSSocket): Promise<void> {
  const settled = new AbortController();
  const of = (event: string): Promise<unknown> => once(socket, event, { signal: settled.signal });
  await Promise.race([of("drain"), of("close")]).catch(() => undefined);
  settled.abort();
}

function dueMs(pace: Load["pace"], bytes: number, pieces: number): number {
  if (!pace) return 0;
  return "megabytes" in pace ? bytes / (1000 * pace.megabytes) : (pieces * 1000) / pace.lines;
}

function isLog(path: string | undefined): boolean {
  return /\/log\?/.test(path ?? "") && !/tailLines=1\b/.test(path ?? "");
}

function answer(path: string, response: ServerResponse): void {
  response.writeHead(statusOf(path), { "content-type": "application/json" });
  response.end(JSON.stringify(objectAt(path)));
}

const statusOf = (path: string): number => (objectAt(path) === null ? 404 : 200);

function objectAt(path: string): object | null {
  const at = path.split("?")[0];
  const pods = { name: "pods", singularName: "pod", namespaced: true, kind: "Pod", shortNames: ["po"], verbs: ["get"] };
  if (at === "/api") return { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] };
  if (at === "/apis") return { kind: "APIGroupList", apiVersion: "v1", groups: [] };
  if (at === "/api/v1") return { kind: "APIResourceList", groupVersion: "v1", resources: [pods] };
  if (at === "/api/v1/namespaces/runs/pods/p/log") return {};
  if (at !== "/api/v1/namespaces/runs/pods/p") return null;
  const metadata = { name: "p", namespace: "runs" };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata,
    spec: { containers: [{ name: "main" }] },
    status: { phase: "Running" },
  };
}

process.on("message", (next: Load) => {
  load = next;
  log = storeLog(load.bytes, load.lineBytes, load.framing);
  process.send?.({ seal: log.seal, bytes: log.body.length });
});
process.once("disconnect", () => process.exit(0));
server.listen(0, "127.0.0.1", () => process.send?.({ address: server.address(), cert }));
