import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import { ApiError, type Request } from "../api-error.ts";
import type { Clock } from "../clock.ts";
import type { Cluster } from "../cluster.ts";
import { CredentialsError } from "../config/credentials.ts";
import type { Traffic } from "../traffic.ts";
import { ConnectionQueue } from "./connection-queue.ts";
import { DeadlineExpired } from "./deadline.ts";
import { networkFault } from "./network-error.ts";
import { isBrokenOff } from "./read-json.ts";
import { type Refusal, refusalOf } from "./refusal.ts";
import { streamedRequest } from "./streamed-request.ts";
import { UnsentError } from "./unsent-error.ts";

/** One HTTP request to the API. */
export interface Call {
  readonly request: Request;
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly path: string;
  /** A list is the same name several times. */
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  readonly body?: unknown;
  /** @default application/json */
  readonly contentType?: string;
  readonly accept?: string;
  /** The answer is long and comes in small pieces: see streamed-body.ts. @default false */
  readonly streamed?: boolean;
}

export interface Answer {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: AsyncIterable<Buffer>;
}

/** What a call is sent with. */
export interface Access {
  readonly headers: Readonly<Record<string, string>>;
  /** Connections that were opened with the client certificate of that moment. */
  readonly dispatcher: Dispatcher;
}

/** True for the same credentials. */
const isSame = (one: Access, other: Access): boolean =>
  one.dispatcher === other.dispatcher && one.headers.authorization === other.headers.authorization;

/** After a 401 that the newest credentials got, new ones are asked for at most this often: a plugin may open a browser. */
const CREDENTIALS_RENEWAL_MS = 30_000;
const MAX_ERROR_BODY_BYTES = 64 * 1024;
const HANGS = "the kubeconfig's credential plugin or login did not answer in time";

/** Sends requests to one cluster: authentication, and refusals as ApiError. Retries only a 401, with renewed credentials. */
export class Transport {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly #traffic: Traffic | undefined;
  readonly #userAgent: string;
  readonly #queue = new ConnectionQueue();
  #renewedAt = Number.NEGATIVE_INFINITY;

  constructor(cluster: Cluster, clock: Clock, userAgent: string, traffic?: Traffic) {
    this.cluster = cluster;
    this.clock = clock;
    this.#userAgent = userAgent;
    this.#traffic = traffic;
  }

  /**
   * Resolves with an answer of status 2xx, its body not yet read. Throws ApiError for every other one and for faults of
   * the network; throws the signal's reason when it was aborted.
   */
  async send(call: Call, signal: AbortSignal): Promise<Answer> {
    const access = await this.access(call, signal);
    let answer = await this.#sendOnce(call, access, signal);
    if (answer.statusCode === 401) {
      const refusal = await this.#refusal(call, answer, signal);
      const renewed = await this.renewedAccess(call, access, signal);
      if (!renewed) throw refusal;
      answer = await this.#sendOnce(call, renewed, signal);
    }
    if (answer.statusCode >= 200 && answer.statusCode < 300) return answer;
    throw await this.#refusal(call, answer, signal);
  }

  async #sendOnce(call: Call, { headers, dispatcher }: Access, signal: AbortSignal): Promise<Answer> {
    const { server } = this.cluster;
    const began = this.clock.now();
    let isSent = false;
    try {
      signal.throwIfAborted();
      const options = {
        origin: server.origin,
        path: `${server.pathname.replace(/\/$/, "")}${call.path}${queryString(call.query)}`,
        method: call.method,
        headers: { ...headers },
        body: call.body === undefined ? null : Buffer.from(JSON.stringify(call.body)),
      };
      const onSending = () => {
        isSent = true;
      };
      const held = dispatcher.compose(this.#queue.until(signal, onSending));
      const answer: Answer = call.streamed
        ? await streamedRequest(held, options, signal)
        : await held.request({ ...options, signal });
      this.answered(call, String(answer.statusCode), began);
      return answer;
    } catch (error) {
      if (signal.aborted) {
        const { reason } = signal;
        this.answered(call, reason instanceof DeadlineExpired ? "timeout" : "aborted", began);
        throw reason instanceof DeadlineExpired && !isSent ? unsent(call, reason) : reason;
      }
      const fault = this.fault(call, error, dispatcher !== this.cluster.dispatcher);
      this.answered(call, fault.kind, began);
      throw fault;
    }
  }

  /** For whoever counts the requests. @param began milliseconds since 1970, by this transport's clock */
  answered({ request }: Call, code: string, began: number): void {
    this.#traffic?.answered(request, code, this.clock.now() - began);
  }

  /** Fresh authentication, and what else goes with a call. Throws ApiError, or the signal's reason. */
  async access(call: Call, signal: AbortSignal): Promise<Access> {
    try {
      // An exec plugin may hang; the caller's deadline must hold nevertheless.
      const headers = await abortable(this.cluster.headers(), signal);
      headers.accept = call.accept ?? "application/json";
      headers["user-agent"] = this.#userAgent;
      if (call.body !== undefined) headers["content-type"] = call.contentType ?? "application/json";
      return { headers, dispatcher: this.cluster.dispatcher };
    } catch (error) {
      // Nothing was sent: it is not the API server that is slow.
      if (signal.reason instanceof DeadlineExpired)
        throw new UnsentError({ kind: "credentials", detail: HANGS, request: call.request });
      if (signal.aborted) throw signal.reason;
      if (!(error instanceof CredentialsError)) throw error;
      const { message: detail, transient } = error;
      throw new ApiError({ kind: "credentials", detail, request: call.request, transient });
    }
  }

  /**
   * What a call that got a 401 may be repeated with, once; null: the 401 holds. A call that was sent with credentials that
   * another one has renewed since, or renews at this moment, is repeated with the new ones.
   */
  async renewedAccess(call: Call, refused: Access, signal: AbortSignal): Promise<Access | null> {
    const current = await this.access(call, signal);
    if (!isSame(current, refused)) return current;
    const renews = this.clock.now() - this.#renewedAt >= CREDENTIALS_RENEWAL_MS;
    if (renews) {
      this.#renewedAt = this.clock.now();
      this.cluster.forgetCredentials();
    }
    // Shares the renewal that another call has begun in the meantime.
    const latest = await this.access(call, signal);
    return renews || !isSame(latest, refused) ? latest : null;
  }

  /**
   * What the network threw, as an ApiError that knows whether the change may have happened.
   *
   * @param isReplaced the cluster has other connections by now
   */
  fault(call: Call, thrown: unknown, isReplaced = false): ApiError {
    // Whatever goes wrong with the body of a 2xx, the change has been made.
    if (thrown instanceof ApiError)
      return thrown.kind === "protocol" && call.method !== "GET" ? thrown.asAmbiguous() : thrown;
    const { neverSent, ...fault } = networkFault(thrown, isReplaced);
    return new ApiError({ ...fault, request: call.request, ambiguous: call.method !== "GET" && !neverSent });
  }

  /** A refusal that breaks off is a broken connection: its content is not known. */
  async #refusal(call: Call, answer: Answer, signal: AbortSignal): Promise<ApiError> {
    try {
      const text = await readText(answer);
      if (isBrokenOff(text)) throw new Error(`the refusal broke off after ${text.length} characters`);
      return this.refusal(call, answer, text);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      return this.fault(call, error);
    }
  }

  /** An answer that is no success, as an ApiError. */
  refusal(call: Call, answer: Refusal, text: string): ApiError {
    return refusalOf(call, answer, text, this.clock.now());
  }
}

function unsent({ request }: Call, { ms }: DeadlineExpired): ApiError {
  const detail = `no connection to the API server within ${ms / 1000} s, so nothing was sent`;
  return new UnsentError({ kind: "timeout", detail, request });
}

export function queryString(query: Call["query"]): string {
  const parts = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const one of [value].flat()) if (one !== undefined) parts.append(name, String(one));
  }
  const text = parts.toString();
  return text === "" ? "" : `?${text}`;
}

async function readText(answer: Answer): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer.body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= MAX_ERROR_BODY_BYTES) break;
  }
  return Buffer.concat(chunks).toString("utf8");
}

function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
