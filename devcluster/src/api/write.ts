import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { FaultAction, StreamPoint } from "./faults.ts";
import type { WireAnswer } from "./respond.ts";

/** The little of node's response that is needed here; HTTP/1.1 and HTTP/2 both have it. */
export interface Response extends NodeJS.EventEmitter {
  writeHead(code: number, headers: Record<string, string | string[]>): unknown;
  write(chunk: Uint8Array): boolean;
  end(): unknown;
  readonly destroyed?: boolean;
}

export interface Wire {
  readonly response: Response;
  /** Aborted when the client has gone. */
  readonly closed: AbortSignal;
  /** Kills the connection (HTTP/1.1) or resets the stream (HTTP/2). */
  readonly reset: () => void;
}

type Interruption = Extract<FaultAction, { kind: "cut" | "stall" }>;

/** Writes an answer, or as much of it as the faults let through. */
export async function writeAnswer(answer: WireAnswer, wire: Wire, faults: readonly FaultAction[]): Promise<void> {
  const interruption = faults.find((fault): fault is Interruption => fault.kind === "cut" || fault.kind === "stall");
  const { "content-length": length, ...headers } = answer.headers;
  const known = interruption === undefined && length !== undefined ? { "content-length": length } : {};
  const merged: Record<string, string | string[]> = {
    "audit-id": randomUUID(),
    "cache-control": "no-cache, private",
  };
  for (const [name, value] of Object.entries({ ...headers, ...known })) {
    merged[name] = typeof value === "string" ? value : [...value];
  }
  wire.response.writeHead(answer.code, merged);
  const body = answer.body instanceof Uint8Array ? single(answer.body) : answer.body;
  if (interruption === undefined) {
    await copy(body, wire);
    wire.response.end();
  } else await interrupted(body, wire, interruption);
}

async function* single(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  if (chunk.length > 0) yield chunk;
}

async function copy(body: AsyncIterable<Uint8Array>, wire: Wire): Promise<void> {
  for await (const chunk of body) {
    if (wire.closed.aborted) return;
    await send(chunk, wire);
  }
}

async function send(chunk: Uint8Array, { response, closed }: Wire): Promise<void> {
  if (chunk.length === 0 || response.write(chunk) || closed.aborted) return;
  await once(response, "drain", { signal: closed }).catch(() => undefined);
}

async function interrupted(body: AsyncIterable<Uint8Array>, wire: Wire, fault: Interruption): Promise<void> {
  const iterator = body[Symbol.asyncIterator]();
  const deadline = timeLimit(fault, wire.closed);
  let left = fault.afterBytes ?? (fault.afterMilliseconds === undefined ? 0 : Number.POSITIVE_INFINITY);
  try {
    while (left > 0 && !wire.closed.aborted) {
      const next = await Promise.race([iterator.next(), deadline]);
      if (next === "time" || next.done === true) break;
      const chunk = next.value.subarray(0, left);
      left -= chunk.length;
      await send(chunk, wire);
    }
    if (fault.kind === "stall") await untilClosed(wire.closed);
    else if (fault.end === "clean") wire.response.end();
    else wire.reset();
  } finally {
    // Not awaited: a source that waits for its next item ends with the connection.
    void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}

function timeLimit({ afterMilliseconds }: StreamPoint, closed: AbortSignal): Promise<"time"> {
  if (afterMilliseconds === undefined) return untilClosed(closed).then(() => "time" as const);
  return sleep(afterMilliseconds, "time" as const, { signal: closed }).catch(() => "time" as const);
}

function untilClosed(closed: AbortSignal): Promise<void> {
  if (closed.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    closed.addEventListener("abort", () => resolve(), { once: true });
  });
}
