import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { text as readText } from "node:stream/consumers";
import { type Conversation, type MessagesRequest, readConversation } from "./conversation.ts";
import { play, type Question, requestId } from "./play.ts";
import { chooseTurn, type Script } from "./script.ts";

export interface ScriptedModelOptions {
  readonly script: Script;
  /** @default "127.0.0.1": only this machine can ask. */
  readonly host?: string;
  /** @default 0: any free port. */
  readonly port?: number;
}

export interface ScriptedModel {
  /** What ANTHROPIC_BASE_URL must be, seen from this machine. */
  readonly url: string;
  readonly port: number;
  /** Every question to the model so far, in order. */
  readonly requests: readonly Conversation[];
  /** Ends open streams and stops listening. May be called twice. */
  stop(): Promise<void>;
}

/**
 * A stand-in for the Anthropic API: it speaks the Messages API, with and without streaming, as far as Claude Code 2.1.330
 * uses it, and says what a script tells it to. Rejects when the port is taken or the host is not of this machine.
 */
export async function startScriptedModel(options: ScriptedModelOptions): Promise<ScriptedModel> {
  const host = options.host ?? "127.0.0.1";
  const stopping = new AbortController();
  const desk = new Desk(options.script, stopping.signal);
  const server = http.createServer((request, response) => {
    desk.answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  // Claude Code reuses connections; the default of 5 s would reset one between two turns of a slow tool.
  server.keepAliveTimeout = 60_000;
  server.listen(options.port ?? 0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host === "0.0.0.0" ? "127.0.0.1" : host}:${port}`,
    port,
    requests: desk.questions,
    async stop() {
      stopping.abort();
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

class Desk {
  readonly questions: Conversation[] = [];
  readonly #script: Script;
  readonly #stopping: AbortSignal;
  /** How often each step of each conversation has been asked. */
  readonly #asked = new Map<string, number>();

  constructor(script: Script, stopping: AbortSignal) {
    this.#script = script;
    this.#stopping = stopping;
  }

  async answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const path = new URL(request.url ?? "/", "http://model").pathname;
    const body = await readText(request);
    if (request.method === "POST" && path === "/v1/messages") return await this.#message(body, request, response);
    if (request.method === "POST" && path === "/v1/messages/count_tokens")
      return json(response, 200, { input_tokens: Math.ceil(body.length / 4) });
    // Claude Code warms the connection with HEAD /api/hello.
    if (path === "/api/hello") return json(response, 200, { message: "hello" });
    return json(response, 404, notFound(path));
  }

  async #message(body: string, request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const parsed = parse(body);
    if (!parsed) return json(response, 400, malformed);
    const read = readConversation(parsed, request.headers);
    const step = `${read.sessionId}/${read.agentId}/${read.role}/${read.step}`;
    const attempt = this.#asked.get(step) ?? 0;
    this.#asked.set(step, attempt + 1);
    const conversation: Conversation = { ...read, attempt };
    this.questions.push(conversation);
    const question: Question = {
      messageId: `msg_scripted_${this.questions.length}`,
      model: read.model,
      stream: read.stream,
      bytes: Buffer.byteLength(body),
    };
    const left = new AbortController();
    response.on("close", () => left.abort());
    response.setHeader("request-id", requestId(question));
    await play(
      chooseTurn(this.#script, conversation),
      question,
      response,
      AbortSignal.any([left.signal, this.#stopping]),
    );
  }
}

function parse(body: string): MessagesRequest | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as MessagesRequest) : undefined;
  } catch {
    return undefined;
  }
}

const malformed = { type: "error", error: { type: "invalid_request_error", message: "The body is not JSON." } };

function notFound(path: string): object {
  const message = `The scripted model knows /v1/messages and /v1/messages/count_tokens, not ${path}.`;
  return { type: "error", error: { type: "not_found_error", message } };
}

function json(response: http.ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
