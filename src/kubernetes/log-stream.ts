import { ApiError, type Request } from "./api-error.ts";
import { startDeadline } from "./http/deadline.ts";
import { networkError } from "./http/network-error.ts";
import { blocksOf } from "./http/streamed-body.ts";
import type { Answer, Call, Transport } from "./http/transport.ts";
import { isUnsent } from "./http/unsent-error.ts";
import { pathOf, pods } from "./resource-types.ts";

export interface LogRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** Keep the stream open until the container ends. @default false */
  readonly follow?: boolean | undefined;
  /** The log of the container that ran before this one was started again. @default false */
  readonly previous?: boolean | undefined;
  /** A stamp and a space before each line. @default false */
  readonly timestamps?: boolean | undefined;
  /** RFC 3339. The server cuts it to whole seconds and includes that second (measured on 1.36). */
  readonly sinceTime?: string | undefined;
  /** Counts the stamps too, cuts inside lines, and ends a followed stream cleanly at that byte (measured). */
  readonly limitBytes?: number | undefined;
  /** Counts entries of the container runtime (16 KiB pieces), not lines (measured). */
  readonly tailLines?: number | undefined;
}

/**
 * How a log stream ended. `clean` says that the server closed it in order, which proves neither that the container has
 * ended nor that nothing is missing. `aborted`: by our own side.
 */
export type LogEnd =
  | { readonly end: "clean" }
  | { readonly end: "broken"; readonly error: ApiError }
  | { readonly end: "aborted" };

/**
 * `not-yet` the container has not started, or the pod has no node; `gone` there is no such pod (any more); `refused`
 * asking again will not help; `failed` it may; `aborted` by the caller.
 */
export type LogOpening =
  | OpenLog
  | { readonly kind: "not-yet" | "gone" | "refused" | "failed"; readonly error: ApiError }
  | { readonly kind: "aborted" };

export interface OpenLog {
  readonly kind: "open";
  /** The bytes as they come, to be read once. Never throws; leaving the loop closes the stream. */
  readonly body: AsyncIterable<Buffer>;
  /** In place of `body`, for less CPU: what came in one turn of the event loop. The bytes are valid until the next are asked for. */
  readonly blocks: AsyncIterable<readonly Buffer[]>;
  /** Settles after the last chunk was taken; never rejects. */
  readonly end: Promise<LogEnd>;
}

/**
 * Opens a container's log once; whether and when to try again is the caller's to decide. Never throws. Aborting the
 * signal closes the stream (its socket over HTTP/1.1) at any time.
 *
 * `openTimeoutMs`: milliseconds until the answer must begin. @default 30000
 */
export async function openLog(
  transport: Transport,
  log: LogRequest,
  signal: AbortSignal,
  openTimeoutMs = 30_000,
): Promise<LogOpening> {
  const call = callOf(log);
  const deadline = startDeadline(openTimeoutMs, signal);
  try {
    const answer = await transport.send(call, deadline.signal);
    deadline.stopTimer();
    if (answer.statusCode !== 204) return opened(answer, call.request, deadline.signal, () => deadline.clear());
    for await (const _ of answer.body);
    deadline.clear();
    return { kind: "not-yet", error: notScheduled(call.request) };
  } catch (thrown) {
    deadline.clear();
    if (signal.aborted) return { kind: "aborted" };
    const detail = `the API server did not answer within ${openTimeoutMs / 1000} s`;
    const error =
      deadline.expired && !isUnsent(thrown)
        ? new ApiError({ kind: "timeout", request: call.request, detail })
        : networkError(thrown, call.request);
    return { kind: kindOf(error), error };
  }
}

function opened(answer: Answer, request: Request, signal: AbortSignal, clear: () => void): OpenLog {
  let settle: (end: LogEnd) => void = () => undefined;
  const end = new Promise<LogEnd>((resolve) => {
    settle = (value) => {
      clear();
      resolve(value);
    };
  });
  // Also for a stream that nobody reads.
  signal.addEventListener("abort", () => settle({ end: "aborted" }), { once: true });
  const { body } = answer;
  return {
    kind: "open",
    body: read(body, request, signal, settle),
    blocks: read(blocksOf(body), request, signal, settle),
    end,
  };
}

async function* read<T>(
  body: AsyncIterable<T>,
  request: Request,
  signal: AbortSignal,
  settle: (end: LogEnd) => void,
): AsyncGenerator<T, void, void> {
  let end: LogEnd = { end: "aborted" };
  try {
    for await (const chunk of body) yield chunk;
    end = { end: "clean" };
  } catch (thrown) {
    if (!signal.aborted) end = { end: "broken", error: networkError(thrown, request) };
  } finally {
    settle(end);
  }
}

function callOf(log: LogRequest): Call {
  const { namespace, pod, container, follow, previous, timestamps, sinceTime, limitBytes, tailLines } = log;
  return {
    request: { verb: "get", resource: "pods/log", namespace, name: pod },
    method: "GET",
    path: `${pathOf(pods, namespace, pod)}/log`,
    query: { container, follow, previous, timestamps, sinceTime, limitBytes, tailLines },
    // Refusals come as JSON whatever is asked for (measured); the log itself is text.
    accept: "*/*",
    streamed: true,
  };
}

function kindOf(error: ApiError): "not-yet" | "gone" | "refused" | "failed" {
  if (error.notFound) return "gone";
  if (error.status === 400 && error.detail.includes("is waiting to start")) return "not-yet";
  // A token is being rotated, as a rule: see doubtMsOf in http/retry.ts.
  const transient = error.status === undefined || [401, 429].includes(error.status) || error.status >= 500;
  return transient && error.transient ? "failed" : "refused";
}

function notScheduled(request: Request): ApiError {
  return new ApiError({ kind: "status", status: 204, request, detail: "the pod is not on a node yet" });
}
