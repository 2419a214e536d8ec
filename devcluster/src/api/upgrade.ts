import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { badRequest } from "./api-error.ts";
import { Arrival, type Handling } from "./arrival.ts";
import { type ExecAnswer, PROTOCOLS, serveExec } from "./exec-streams.ts";
import { underFaults } from "./handle.ts";
import type { Answer } from "./request.ts";
import type { WireAnswer } from "./respond.ts";

const webSockets = new WebSocketServer({
  noServer: true,
  handleProtocols: (offered) => PROTOCOLS.find((protocol) => offered.has(protocol)) ?? false,
});

/** A request that wants to leave HTTP: `pods/exec` over a WebSocket, or a refusal. Never rejects. */
export async function upgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  handling: Handling,
): Promise<void> {
  const closing = new AbortController();
  socket.once("close", () => closing.abort());
  socket.on("error", () => undefined);
  const arrival = new Arrival(request, handling);
  const wire = { closed: closing.signal, reset: () => void socket.destroy() };
  let exec: ExecAnswer | undefined;
  const work = async (): Promise<Answer> => {
    const answer = await arrival.dispatch(new Uint8Array(), wire.closed);
    if (answer.kind !== "exec") return answer;
    demandWebSocket(request);
    exec = answer;
    return { kind: "empty", code: 101 };
  };
  try {
    const answer = await underFaults(arrival.actions, wire, work, arrival);
    if (answer === "dropped") return;
    arrival.answered(answer.code);
    if (exec === undefined || answer.code !== 101) {
      refuse(socket, answer);
      return;
    }
    const accepted = exec;
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      void serveExec(webSocket, accepted, { wire, faults: arrival.actions });
    });
  } catch (error) {
    if (!wire.closed.aborted) console.error("devcluster: an upgrade broke off:", error);
    wire.reset();
  }
}

function demandWebSocket({ headers }: IncomingMessage): void {
  if (headers.upgrade?.toLowerCase() !== "websocket") {
    throw badRequest(`devcluster: exec needs a WebSocket (kubectl 1.31 or newer), not ${headers.upgrade}`);
  }
  const offered = String(headers["sec-websocket-protocol"] ?? "").split(/\s*,\s*/);
  if (!PROTOCOLS.some((protocol) => offered.includes(protocol))) {
    throw badRequest(`devcluster: exec needs one of the subprotocols ${PROTOCOLS.join(", ")}`);
  }
}

function refuse(socket: Duplex, { code, headers, body }: WireAnswer): void {
  // Every refusal is a Status, whole in memory.
  const bytes = body instanceof Uint8Array ? body : new Uint8Array();
  const lines = Object.entries({ ...headers, "content-length": bytes.length, connection: "close" });
  socket.write(`HTTP/1.1 ${code} ${STATUS_CODES[code]}\r\n${lines.map(([k, v]) => `${k}: ${v}\r\n`).join("")}\r\n`);
  socket.end(bytes);
}
