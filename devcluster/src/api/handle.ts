import http2, { type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiError, expired } from "./api-error.ts";
import { Arrival, type Handling } from "./arrival.ts";
import type { FaultAction } from "./faults.ts";
import type { Answer } from "./request.ts";
import { errorOnWire, onWire, type WireAnswer, warningHeaders } from "./respond.ts";
import { type Response, type Wire, writeAnswer } from "./write.ts";

/** The real server's limit for a request body [measured: 413 above]. */
const MAX_BODY = 3 * 1024 * 1024;

type Form = { readonly accept: string | undefined; readonly now: number };

/** One request from its first byte to its last, with whatever goes wrong on the way. Never rejects. */
export async function handle(
  request: Http2ServerRequest,
  response: Http2ServerResponse,
  handling: Handling,
): Promise<void> {
  const wire = wireOf(request, response);
  const arrival = new Arrival(request, handling);
  const { actions, warnings } = arrival;
  try {
    const body = await readBody(request);
    const work = (): Promise<Answer> => {
      if (body === undefined) throw tooLarge();
      return arrival.dispatch(body, wire.closed);
    };
    const answer = await underFaults(actions, wire, work, arrival);
    if (answer === "dropped") return;
    arrival.answered(answer.code);
    await writeAnswer({ ...answer, headers: { ...answer.headers, ...warningHeaders(warnings) } }, wire, actions);
  } catch (error) {
    // A client that goes away in the middle is daily business; anything else is worth a line.
    if (!wire.closed.aborted) console.error("devcluster: an answer broke off:", error);
    wire.reset();
  }
}

function wireOf(request: Http2ServerRequest, response: Http2ServerResponse): Wire {
  const closing = new AbortController();
  response.once("close", () => closing.abort());
  response.on("error", () => closing.abort());
  return {
    response: response as unknown as Response,
    closed: closing.signal,
    reset: () => {
      if (request.httpVersionMajor < 2) request.socket.destroy();
      else request.stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
    },
  };
}

function tooLarge(): ApiError {
  return new ApiError(413, "RequestEntityTooLarge", `Request entity too large: limit is ${MAX_BODY}`);
}

/** Does the work, unless a fault says otherwise. */
export async function underFaults(
  actions: readonly FaultAction[],
  wire: Pick<Wire, "closed" | "reset">,
  work: () => Promise<Answer>,
  form: Form,
): Promise<WireAnswer | "dropped"> {
  for (const action of actions) {
    if (action.kind === "delay") await sleep(action.milliseconds, undefined, { signal: wire.closed });
    if (action.kind === "respond") return errorOnWire(injected(action));
    if (action.kind === "expire") return onWire(expiredWatch(), form.accept, form.now);
    if (action.kind === "drop" && action.when === "before") return dropped(wire);
  }
  const answer = await answered(work, form);
  return actions.some((action) => action.kind === "drop") ? dropped(wire) : answer;
}

function dropped(wire: Pick<Wire, "reset">): "dropped" {
  wire.reset();
  return "dropped";
}

async function answered(work: () => Promise<Answer>, { accept, now }: Form): Promise<WireAnswer> {
  try {
    return onWire(await work(), accept, now);
  } catch (error) {
    if (error instanceof ApiError) return errorOnWire(error);
    console.error("devcluster: a bug in the API server:", error);
    const message = `Internal error occurred: ${error instanceof Error ? error.message : String(error)}`;
    return errorOnWire(new ApiError(500, "InternalError", message));
  }
}

const REASONS = {
  401: "Unauthorized",
  403: "Forbidden",
  409: "Conflict",
  429: "TooManyRequests",
  500: "InternalError",
  502: "",
  503: "ServiceUnavailable",
  504: "Timeout",
};

function injected({ code, retryAfter, message }: Extract<FaultAction, { kind: "respond" }>): ApiError {
  const details = retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter };
  return new ApiError(code, REASONS[code], message ?? "a fault that a test asked for", details);
}

function expiredWatch(): Answer {
  const event = { type: "ERROR", object: expired(1, 2).status };
  return { kind: "json", code: 200, body: event };
}

/** Undefined when it is longer than a real server accepts. */
async function readBody(request: Http2ServerRequest): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size <= MAX_BODY) chunks.push(chunk);
  }
  return size > MAX_BODY ? undefined : Buffer.concat(chunks);
}
