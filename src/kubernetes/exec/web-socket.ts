import type { Duplex } from "node:stream";
import type { Dispatcher } from "undici";
import { ApiError } from "../api-error.ts";
import { networkError } from "../http/network-error.ts";
import { type Access, type Call, queryString, type Transport } from "../http/transport.ts";

export interface WebSocketHandlers {
  /** Subprotocols, the preferred ones first; the server must choose one. */
  readonly protocols: readonly string[];
  readonly onOpen: () => void;
  /** Called for each message, in order. */
  readonly onMessage: (message: Buffer) => void;
}

/** What the server's own `close` has for an end in order. */
const NORMAL_CLOSURE = 1000;

/**
 * Holds a WebSocket to the API server until the server closes it in order. Throws ApiError for every other end, for a
 * refused handshake with the server's own words; throws the signal's reason when that aborts, which closes the socket at
 * once: the peer is not waited for.
 */
export async function runWebSocket(
  transport: Transport,
  call: Call,
  conversation: WebSocketHandlers,
  signal: AbortSignal,
): Promise<void> {
  const access = await transport.access(call, signal);
  try {
    await runWebSocketWith(access, transport, call, conversation, signal);
  } catch (refusal) {
    // Only a handshake gets a 401: no message was exchanged.
    if (!(refusal instanceof ApiError) || !refusal.unauthorized) throw refusal;
    const renewed = await transport.renewedAccess(call, access, signal);
    if (!renewed) throw refusal;
    await runWebSocketWith(renewed, transport, call, conversation, signal);
  }
}

async function runWebSocketWith(
  { headers, dispatcher }: Access,
  transport: Transport,
  call: Call,
  conversation: WebSocketHandlers,
  signal: AbortSignal,
): Promise<void> {
  // Loaded with the cluster's agent, which is there already.
  const { WebSocket, interceptors } = (await import("undici")).default as unknown as typeof import("undici");
  signal.throwIfAborted();
  const { server } = transport.cluster;
  const handshake = new Handshake();
  const url = `${server.protocol === "https:" ? "wss" : "ws"}://${server.host}${server.pathname.replace(/\/$/, "")}`;
  const socket = new WebSocket(`${url}${call.path}${queryString(call.query)}`, {
    protocols: [...conversation.protocols],
    headers: { ...headers },
    dispatcher: dispatcher.compose(interceptors.responseError(), handshake.noting),
  });
  socket.binaryType = "arraybuffer";
  const end = Promise.withResolvers<number>();
  const stop = (reason: unknown): void => {
    end.reject(reason);
    socket.close();
    handshake.socket?.destroy();
  };
  const abort = (): void => stop(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  let opened = false;
  let failed = false;
  socket.addEventListener("open", () => {
    opened = true;
    conversation.onOpen();
  });
  socket.addEventListener("message", ({ data }) => {
    if (failed || signal.aborted) return;
    try {
      conversation.onMessage(Buffer.from(data as ArrayBuffer));
    } catch (bug) {
      failed = true;
      stop(bug);
    }
  });
  socket.addEventListener("close", ({ code }) => end.resolve(code));
  try {
    const code = await end.promise;
    if (!opened) throw handshake.failure(transport, call);
    if (code !== NORMAL_CLOSURE) throw broken(call, code);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** What undici's WebSocket does not expose: why a handshake failed, and the socket that is to be closed. */
class Handshake {
  socket: Duplex | null = null;
  #error: Error | null = null;

  /** Sends the request over HTTP/1.1: the API server takes no WebSocket over HTTP/2. */
  readonly noting: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) =>
    dispatch({ ...options, allowH2: false } as typeof options, {
      onRequestStart: (controller, context) => handler.onRequestStart?.(controller, context),
      onRequestUpgrade: (controller, status, headers, socket) => {
        this.socket = socket;
        return handler.onRequestUpgrade?.(controller, status, headers, socket);
      },
      onResponseStart: (...start) => handler.onResponseStart?.(...start),
      onResponseData: (controller, chunk) => handler.onResponseData?.(controller, chunk),
      onResponseEnd: (controller, trailers) => handler.onResponseEnd?.(controller, trailers),
      onResponseError: (controller, error) => {
        this.#error = error;
        handler.onResponseError?.(controller, error);
      },
    });

  failure(transport: Transport, call: Call): ApiError {
    const error = this.#error;
    if (error === null) {
      const detail = "the server did not switch to a WebSocket";
      return new ApiError({ kind: "protocol", request: call.request, detail });
    }
    if (!isRefusal(error)) return networkError(error, call.request);
    const { statusCode, body, headers = {} } = error;
    return transport.refusal(call, { statusCode, headers }, typeof body === "string" ? body : JSON.stringify(body));
  }
}

interface Refusal extends Error {
  readonly statusCode: number;
  readonly headers?: Record<string, string | string[]>;
  readonly body: unknown;
}

function isRefusal(error: Error): error is Refusal {
  return "statusCode" in error && typeof error.statusCode === "number";
}

function broken(call: Call, code: number): ApiError {
  const detail = code === 1006 ? "the connection broke" : `the connection was closed with code ${code}`;
  return new ApiError({ kind: "unreachable", request: call.request, detail });
}
