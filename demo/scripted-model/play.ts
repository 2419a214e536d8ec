import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import {
  blockEvents,
  closingEvents,
  estimateUsage,
  type MessageHead,
  openingEvents,
  type StreamEvent,
  wholeMessage,
} from "./message.ts";
import type { HangUp, Refusal, Reply, Stall, Turn } from "./turn.ts";

/** What an answer needs to know of the question. */
export interface Question {
  readonly messageId: string;
  readonly model: string;
  readonly stream: boolean;
  readonly bytes: number;
}

/** Plays one turn on the wire. Ends early, without an error, when `signal` says that the client left or the server stops. */
export async function play(
  turn: Exclude<Turn, { kind: "attempts" }>,
  question: Question,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  try {
    if (turn.kind === "refusal") return refuse(turn, question, response);
    await pause(turn.delayMs, signal);
    if (question.stream) return await stream(turn, question, response, signal);
    return await answerWhole(turn, question, response, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function refuse(turn: Refusal, question: Question, response: ServerResponse): void {
  const body = { type: "error", error: turn.error, request_id: requestId(question) };
  response.writeHead(turn.status, { "content-type": "application/json", ...turn.headers });
  response.end(JSON.stringify(body));
}

async function stream(
  turn: Reply | Stall | HangUp,
  question: Question,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const head = headOf(turn, question);
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  await send(openingEvents(head), turn.paceMs, response, signal);
  await send(blockEvents(turn.blocks, head.id), turn.paceMs, response, signal);
  if (turn.kind === "stall") return await untilAborted(signal);
  if (turn.kind === "hang-up") return void response.destroy();
  await send(closingEvents(turn, head), undefined, response, signal);
  response.end();
}

async function answerWhole(
  turn: Reply | Stall | HangUp,
  question: Question,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  if (turn.kind === "stall") return await untilAborted(signal);
  if (turn.kind === "hang-up") return void response.destroy();
  if (turn.thenError) return refuse({ kind: "refusal", status: 500, error: turn.thenError }, question, response);
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(wholeMessage(turn, headOf(turn, question))));
}

async function send(
  events: Iterable<StreamEvent>,
  paceMs: number | undefined,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  for (const event of events) {
    signal.throwIfAborted();
    const written = response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    if (!written) await once(response, "drain", { signal });
    if (event.type === "content_block_delta") await pause(paceMs, signal);
  }
}

function headOf(turn: Reply | Stall | HangUp, question: Question): MessageHead {
  const stated = turn.kind === "reply" ? turn.usage : undefined;
  return {
    id: question.messageId,
    model: question.model,
    usage: estimateUsage(question.bytes, turn.blocks, stated),
  };
}

export function requestId(question: Question): string {
  return question.messageId.replace("msg_", "req_");
}

async function pause(ms: number | undefined, signal: AbortSignal): Promise<void> {
  if (ms) await sleep(ms, undefined, { signal });
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
}
