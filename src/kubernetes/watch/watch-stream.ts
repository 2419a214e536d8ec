import type { Status } from "kubernetes-types/meta/v1.js";
import { ApiError } from "../api-error.ts";
import { boundRetryAfter } from "../http/backoff.ts";
import { byteLines, LineTooLong } from "../http/byte-lines.ts";
import { startDeadline } from "../http/deadline.ts";
import { IdleTimeout } from "../http/idle-timeout.ts";
import { networkError } from "../http/network-error.ts";
import type { Call, Transport } from "../http/transport.ts";
import { isUnsent } from "../http/unsent-error.ts";
import type { KubeObject, Stored } from "../resource-types.ts";

/** One line of a watch, as the server sends it; `OPENED` comes first and is ours. */
export type StreamEvent<T extends KubeObject> =
  | { readonly type: "OPENED" }
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK"; readonly object: Stored<T> }
  | { readonly type: "ERROR"; readonly error: ApiError };

/** Why one connection of a watch ended: the server closed it in order, was idle for too long, or failed. */
export type StreamEnd =
  | { readonly why: "closed" }
  | { readonly why: "idle" }
  | { readonly why: "failed"; readonly error: ApiError }
  | { readonly why: "aborted" };

export interface StreamLimits {
  /** Milliseconds without a byte after which the connection counts as dead. */
  readonly idleTimeoutMs: number;
  /** Milliseconds until the answer must begin. */
  readonly openTimeoutMs: number;
  readonly maxLineBytes: number;
}

const TYPES = new Set(["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]);

/** One connection of a watch. Never throws: how it ended is the generator's return value. */
export async function* watchStream<T extends KubeObject>(
  transport: Transport,
  call: Call,
  limits: StreamLimits,
  signal: AbortSignal,
): AsyncGenerator<StreamEvent<T>, StreamEnd, void> {
  const done = new AbortController();
  const stop = () => done.abort(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  const deadline = startDeadline(limits.openTimeoutMs, done.signal);
  const idle = new IdleTimeout(transport.clock, limits.idleTimeoutMs, done);
  try {
    signal.throwIfAborted();
    const answer = await transport.send(call, deadline.signal);
    deadline.stopTimer();
    idle.start();
    yield { type: "OPENED" };
    for await (const line of byteLines(idle.watch(answer.body), limits.maxLineBytes)) {
      if (line.length > 0) yield parseEvent<T>(line, call);
    }
    return { why: "closed" };
  } catch (thrown) {
    if (signal.aborted) return { why: "aborted" };
    if (idle.expired) return { why: "idle" };
    return { why: "failed", error: deadline.expired && !isUnsent(thrown) ? late(call) : failure(thrown, call) };
  } finally {
    signal.removeEventListener("abort", stop);
    deadline.clear();
    done.abort();
  }
}

function parseEvent<T extends KubeObject>(line: Buffer, call: Call): StreamEvent<T> {
  const event = parseLine(line) as { type?: string; object?: Stored<T> } | null;
  if (event?.type === "ERROR") return { type: "ERROR", error: statusError(event.object as Status | undefined, call) };
  if (event?.type === undefined || !TYPES.has(event.type) || event.object?.metadata === undefined) {
    throw new ApiError({ kind: "protocol", request: call.request, detail: "a line that is no watch event" });
  }
  // Half of an object's size, and of no use to anybody here.
  delete event.object.metadata.managedFields;
  return { type: event.type as "ADDED", object: event.object };
}

function parseLine(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString("utf8"));
  } catch {
    return null;
  }
}

function statusError(status: Status | undefined, call: Call): ApiError {
  const seconds = status?.details?.retryAfterSeconds;
  return new ApiError({
    kind: "status",
    request: call.request,
    status: status?.code ?? 500,
    reason: status?.reason,
    body: status,
    detail: status?.message ?? "the watch reported an error",
    retryAfterMs: seconds ? boundRetryAfter(seconds * 1000) : undefined,
  });
}

function failure(thrown: unknown, call: Call): ApiError {
  if (!(thrown instanceof LineTooLong)) return networkError(thrown, call.request);
  return new ApiError({ kind: "protocol", request: call.request, detail: thrown.message });
}

function late(call: Call): ApiError {
  return new ApiError({ kind: "timeout", request: call.request, detail: "the watch did not begin in time" });
}
