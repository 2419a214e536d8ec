import { KubernetesClient } from "../../../src/kubernetes/client.ts";
import { systemClock } from "../../../src/kubernetes/clock.ts";
import type { LogRequest, OpenLog } from "../../../src/run/follow/read/log-source.ts";
import { ApiServer, type Reply, refuse, type Seen } from "../../kubernetes/support/api-server.ts";
import { SimulatedNode } from "./simulated-node.ts";

/** How a connection is broken: closed, reset, or ended by one side in the middle of the body. */
export type Breaking = "close" | "reset" | "half-close";

/** The simulated node behind a real server and real sockets. */
export class LogServer {
  readonly node = new SimulatedNode(systemClock);
  /** HTTP statuses that the next requests get in place of the log; `stalled` is a 400 whose words never come. */
  readonly refusals: (number | "stalled")[] = [];
  /** Milliseconds until the product gives up an answer that does not begin. */
  openTimeoutMs = 30_000;
  breaking: Breaking = "close";
  opened = 0;
  /** Streams that the client or the server has closed. */
  closed = 0;
  readonly #server: ApiServer;

  private constructor(server: ApiServer) {
    this.#server = server;
    server.handler = (seen, reply) => this.#answer(seen, reply);
  }

  static async start(protocol: "plain" | "h1" | "h2"): Promise<LogServer> {
    return new LogServer(await ApiServer.start(() => undefined, protocol));
  }

  /** The product's own way to this server. */
  async open(): Promise<OpenLog> {
    const client = new KubernetesClient(await this.#server.cluster(), { requestTimeoutMs: this.openTimeoutMs });
    const log = { namespace: "runs", pod: "p", container: "main", timestamps: true };
    return (request, signal) => client.openLog({ ...log, ...request }, signal);
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }

  async #answer(seen: Seen, reply: Reply): Promise<void> {
    const status = this.refusals.shift();
    if (status === "stalled") {
      reply.writeHead(400, { "content-type": "application/json" });
      reply.write('{"kind":"Status","code":400,"message":"container \\"main\\" in pod');
      return;
    }
    if (status !== undefined) {
      refuse(reply, status, "InternalError", "as the test wants it");
      return;
    }
    this.opened++;
    const stop = new AbortController();
    reply.on("close", () => {
      this.closed++;
      stop.abort();
    });
    const opening = await this.node.open(requestOf(seen.url), stop.signal);
    if (opening.kind !== "open") {
      if (opening.kind === "gone") refuse(reply, 404, "NotFound", 'pods "p" not found');
      return;
    }
    reply.writeHead(200, { "content-type": "text/plain" });
    reply.flushHeaders();
    let proceed: () => void = () => undefined;
    for (const event of ["drain", "close"] as const) reply.on(event, () => proceed());
    for await (const chunk of opening.body) {
      if (reply.write(chunk) || stop.signal.aborted) continue;
      await new Promise<void>((resolve) => {
        proceed = resolve;
      });
    }
    const { end } = await opening.end;
    if (end === "clean") reply.end();
    else if (end === "broken") await this.#break(reply);
  }

  async #break(reply: Reply): Promise<void> {
    // A reset throws away what the other side has not read yet; here some of it is to arrive.
    for (let turn = 0; turn < 20; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
    if ("stream" in reply || this.breaking === "close") reply.destroy();
    else if (this.breaking === "half-close") reply.socket?.end();
    else reply.socket?.resetAndDestroy();
  }
}

function requestOf(url: URL): LogRequest {
  const sinceTime = url.searchParams.get("sinceTime");
  const tailLines = url.searchParams.get("tailLines");
  return {
    follow: url.searchParams.get("follow") === "true",
    ...(sinceTime === null ? {} : { sinceTime }),
    ...(tailLines === null ? {} : { tailLines: Number(tailLines) }),
  };
}
