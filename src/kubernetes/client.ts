import type { DeleteOptions } from "kubernetes-types/meta/v1.js";
import { ApiError, type Request } from "./api-error.ts";
import type {
  CallOptions,
  ClientOptions,
  CreateOptions,
  DeleteCallOptions,
  JsonPatch,
  ListOptions,
  ObjectList,
  ServerVersion,
} from "./call-options.ts";
import { type Clock, type Random, systemClock } from "./clock.ts";
import type { Cluster } from "./cluster.ts";
import { startDeadline } from "./http/deadline.ts";
import { Pace } from "./http/pace.ts";
import { readJson } from "./http/read-json.ts";
import { type Attempt, retry } from "./http/retry.ts";
import { type Call, Transport } from "./http/transport.ts";
import { isUnsent } from "./http/unsent-error.ts";
import { warningsIn } from "./http/warning-header.ts";
import { listPages } from "./list-pages.ts";
import { type LogOpening, type LogRequest, openLog } from "./log-stream.ts";
import { apiVersionOf, type KubeObject, pathOf, type ResourceType, type Stored } from "./resource-types.ts";
import type { Traffic } from "./traffic.ts";

const CREATED_TWICE_IS_ONCE = new Set(["selfsubjectaccessreviews"]);

export interface RetriedCall {
  /** Since when it fails, milliseconds since 1970. */
  readonly since: number;
  /** Its latest failure. */
  readonly error: ApiError;
}

/** Typed calls to one cluster, each with a timeout and with idempotent retries. Each throws ApiError, or the signal's reason. */
export class KubernetesClient {
  readonly cluster: Cluster;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly traffic: Traffic | undefined;
  readonly #timeoutMs: number;
  readonly #retryForMs: number;
  /** Of the calls by which runs start: no other one waits for them. */
  readonly #pace: Pace;
  /** The calls that wait for another attempt, oldest first. */
  readonly #retried = new Map<object, RetriedCall>();

  constructor(cluster: Cluster, options: ClientOptions = {}) {
    this.cluster = cluster;
    this.clock = options.clock ?? systemClock;
    this.random = options.random ?? Math.random;
    this.traffic = options.traffic;
    const userAgent = options.userAgent ?? "paperclip-adapter-claude-k8s";
    this.transport = new Transport(cluster, this.clock, userAgent, this.traffic);
    this.#timeoutMs = options.requestTimeoutMs ?? 30_000;
    this.#retryForMs = options.retryForMs ?? 60_000;
    this.#pace = new Pace(options.callsAtOnce ?? 16, this.clock);
  }

  async get<T extends KubeObject>(
    type: ResourceType<T>,
    namespace: string,
    name: string,
    options: CallOptions = {},
  ): Promise<Stored<T>> {
    return this.#call<Stored<T>>(
      { request: requestOf("get", type, namespace, name), method: "GET", path: pathOf(type, namespace, name) },
      options,
    );
  }

  /** undefined when the API server answers 404; a gateway's own 404 throws ApiError. */
  async find<T extends KubeObject>(
    type: ResourceType<T>,
    namespace: string,
    name: string,
    options: CallOptions = {},
  ): Promise<Stored<T> | undefined> {
    return this.get(type, namespace, name, options).catch((error: unknown) => {
      if (error instanceof ApiError && error.notFound) return undefined;
      throw error;
    });
  }

  /** Reads all pages. An undefined namespace asks for all of them. */
  async list<T extends KubeObject>(
    type: ResourceType<T>,
    namespace: string | undefined,
    options: ListOptions = {},
  ): Promise<ObjectList<T>> {
    const request = requestOf("list", type, namespace);
    const path = pathOf(type, namespace);
    const { labelSelector, fieldSelector, limit } = options;
    return listPages(type, limit, (page) =>
      this.#call({ request, method: "GET", path, query: { labelSelector, fieldSelector, ...page } }, options),
    );
  }

  /**
   * Repeated only when the server cannot have seen it. Otherwise the ApiError has `ambiguous: true`: get the object and
   * compare.
   */
  async create<T extends KubeObject>(
    type: ResourceType<T>,
    namespace: string | undefined,
    object: T,
    options: CreateOptions = {},
  ): Promise<Stored<T>> {
    const body = { apiVersion: apiVersionOf(type), kind: type.kind, ...object };
    const request = requestOf("create", type, namespace, object.metadata?.name);
    const { dryRun, fieldValidation } = options;
    const query = { dryRun: dryRun ? "All" : undefined, fieldValidation };
    const repeatable = dryRun === true || CREATED_TWICE_IS_ONCE.has(type.plural);
    return this.#call<Stored<T>>(
      { request, method: "POST", path: pathOf(type, namespace), query, body },
      // What stores nothing starts nothing.
      { ...options, paced: options.paced ?? !repeatable },
      repeatable,
    );
  }

  /** A JSON patch when given a list, else a merge patch. */
  async patch<T extends KubeObject>(
    type: ResourceType<T>,
    namespace: string,
    name: string,
    body: JsonPatch | object,
    options: CallOptions = {},
  ): Promise<Stored<T>> {
    const contentType = Array.isArray(body) ? "application/json-patch+json" : "application/merge-patch+json";
    const request = requestOf("patch", type, namespace, name);
    return this.#call<Stored<T>>(
      { request, method: "PATCH", path: pathOf(type, namespace, name), body, contentType },
      options,
    );
  }

  /** `absent` when there was none (any more): as good as a deletion. The object may live on until its finalizers are done. */
  async delete<T extends KubeObject>(
    type: ResourceType<T>,
    namespace: string,
    name: string,
    options: DeleteCallOptions = {},
  ): Promise<"accepted" | "absent"> {
    const { uid, resourceVersion, gracePeriodSeconds, propagationPolicy = "Background" } = options;
    const preconditions = {
      ...(uid !== undefined && { uid }),
      ...(resourceVersion !== undefined && { resourceVersion }),
    };
    const body: DeleteOptions = {
      apiVersion: "v1",
      kind: "DeleteOptions",
      propagationPolicy,
      ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
      ...(Object.keys(preconditions).length > 0 && { preconditions }),
    };
    const request = requestOf("delete", type, namespace, name);
    return this.#call<unknown>({ request, method: "DELETE", path: pathOf(type, namespace, name), body }, options).then(
      () => "accepted",
      (error: unknown) => {
        if (error instanceof ApiError && error.notFound) return "absent";
        throw error;
      },
    );
  }

  /** Opens a container's log once; errors are values. See log-stream.ts. */
  openLog(log: LogRequest, signal: AbortSignal): Promise<LogOpening> {
    return openLog(this.transport, log, signal, this.#timeoutMs);
  }

  async version(options: CallOptions = {}): Promise<ServerVersion> {
    return this.#call<ServerVersion>(
      { request: { verb: "get", resource: "version" }, method: "GET", path: "/version" },
      options,
    );
  }

  /** The call that has failed and been retried for longest; null: none is. */
  readonly retriedCall = (): RetriedCall | null => this.#retried.values().next().value ?? null;

  async #call<R>(call: Call, options: CreateOptions, repeatable = call.method !== "POST"): Promise<R> {
    const attempt: Attempt<R> = (waited) =>
      options.paced ? this.#paced<R>(call, options, waited) : this.#once<R>(call, options);
    const { clock, random } = this;
    try {
      return await retry(attempt, {
        totalMs: options.retryForMs ?? this.#retryForMs,
        repeatable,
        clock,
        random,
        signal: options.signal,
        onRetry: (error) => {
          this.traffic?.retried(call.request);
          const since = this.#retried.get(call)?.since ?? clock.now();
          this.#retried.set(call, { since, error });
        },
      });
    } finally {
      this.#retried.delete(call);
    }
  }

  async #paced<R>(call: Call, options: CreateOptions, waited: (ms: number) => void): Promise<R> {
    const came = this.clock.now();
    return this.#pace.run(async () => {
      const waitedMs = this.clock.now() - came;
      waited(waitedMs);
      options.onTurn?.(waitedMs);
      try {
        return await this.#once<R>(call, options);
      } catch (error) {
        if (error instanceof ApiError && error.retryAfterMs) this.#pace.pause(error.retryAfterMs);
        throw error;
      }
    }, options.signal);
  }

  async #once<R>(call: Call, options: CreateOptions): Promise<R> {
    const timeoutMs = options.timeoutMs ?? this.#timeoutMs;
    const deadline = startDeadline(timeoutMs, options.signal);
    try {
      const answer = await this.transport.send(call, deadline.signal);
      if (options.onWarning) for (const warning of warningsIn(answer.headers)) options.onWarning(warning);
      return (await readJson(answer.body, call.request)) as R;
    } catch (error) {
      if (options.signal?.aborted) throw options.signal.reason;
      if (!deadline.expired || isUnsent(error)) throw this.transport.fault(call, error);
      const detail = `the API server did not answer within ${timeoutMs / 1000} s`;
      throw new ApiError({ kind: "timeout", detail, request: call.request, ambiguous: call.method !== "GET" });
    } finally {
      deadline.clear();
    }
  }
}

function requestOf(
  verb: string,
  type: ResourceType<KubeObject>,
  namespace: string | undefined,
  name?: string,
): Request {
  const resource = type.subresource === undefined ? type.plural : `${type.plural}/${type.subresource}`;
  return { verb, resource, namespace: type.namespaced ? namespace : undefined, name };
}
