import type { Status } from "kubernetes-types/meta/v1.js";
import { oneLine, redact, redactValues } from "./redact.ts";

/**
 * `unreachable` no connection, or it broke; `timeout` no answer in time; `status` the API server answered with a
 * refusal or fault; `protocol` an answer that is not Kubernetes; `credentials` none are available (an exec plugin
 * failed, a token file is gone), so nothing was sent.
 */
export type ApiErrorKind = "unreachable" | "timeout" | "status" | "protocol" | "credentials";

/** The request, for the message and for the caller's decisions. */
export interface Request {
  /** The verb of RBAC: get, list, watch, create, patch, delete. */
  readonly verb: string;
  /** Plural, with the subresource: `pods`, `pods/log`. */
  readonly resource: string;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

export interface ApiErrorDetails {
  readonly kind: ApiErrorKind;
  readonly request: Request;
  /** What went wrong, for people; for `status` the server's own message. */
  readonly detail: string;
  readonly status?: number | undefined;
  readonly reason?: string | undefined;
  readonly body?: Status | undefined;
  readonly retryAfterMs?: number | undefined;
  /** Error code of the socket, such as ECONNREFUSED. */
  readonly code?: string | undefined;
  readonly ambiguous?: boolean | undefined;
  /** @default true */
  readonly transient?: boolean | undefined;
}

/** A call to the API server that gave no result. Never contains a credential. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly kind: ApiErrorKind;
  readonly verb: string;
  readonly resource: string;
  readonly namespace: string | undefined;
  /** Name of the object asked for, where there was one. */
  readonly object: string | undefined;
  /** HTTP status, for `status` and `protocol`. */
  readonly status: number | undefined;
  /** Machine-readable reason of Kubernetes: AlreadyExists, Conflict, Forbidden, Invalid, Expired, … */
  readonly reason: string | undefined;
  /** The server's message, or that of the network. */
  readonly detail: string;
  /** `details` of the server's Status: causes with their fields. */
  readonly details: Status["details"];
  readonly retryAfterMs: number | undefined;
  readonly code: string | undefined;
  /** True when a change may have been carried out although no answer confirms it: read the object before repeating it. */
  readonly ambiguous: boolean;
  /** For `unreachable` and `credentials`: false when waiting does not help (a certificate does not match, a file is gone). */
  readonly transient: boolean;
  readonly #from: ApiErrorDetails;

  constructor(from: ApiErrorDetails) {
    const clean = from.request.resource.startsWith("secrets") ? redactValues : redact;
    const detail = oneLine(clean(from.detail));
    super(sentence({ ...from, detail }));
    this.kind = from.kind;
    this.verb = from.request.verb;
    this.resource = from.request.resource;
    this.namespace = from.request.namespace;
    this.object = from.request.name;
    this.status = from.status;
    this.reason = from.reason;
    this.detail = detail;
    this.details = cleanDetails(from.body?.details, clean);
    this.retryAfterMs = from.retryAfterMs;
    this.code = from.code;
    this.ambiguous = from.ambiguous ?? false;
    this.transient = from.transient ?? true;
    this.#from = from;
  }

  /** The same error, when an earlier attempt of the same call may have been carried out. */
  asAmbiguous(): ApiError {
    return new ApiError({ ...this.#from, ambiguous: true });
  }

  get notFound(): boolean {
    return this.kind === "status" && this.status === 404;
  }
  get alreadyExists(): boolean {
    return this.kind === "status" && this.status === 409 && this.reason === "AlreadyExists";
  }
  /** A precondition (resourceVersion, uid) did not hold. */
  get conflict(): boolean {
    return this.kind === "status" && this.status === 409 && this.reason !== "AlreadyExists";
  }
  get forbidden(): boolean {
    return this.kind === "status" && this.status === 403;
  }
  /** 403 of the authorizer, as opposed to one of an admission plugin (quota, policy): a Role is missing, or not loaded yet. */
  get deniesRight(): boolean {
    return this.forbidden && /\bcannot \w+ (resource|path) /.test(this.detail);
  }
  get unauthorized(): boolean {
    return this.status === 401;
  }
  /** The asked resourceVersion is too old: list again. */
  get expired(): boolean {
    return this.kind === "status" && this.status === 410;
  }
}

function sentence(from: ApiErrorDetails): string {
  const { verb, resource, namespace, name } = from.request;
  const target = name === undefined ? resource : `${resource} "${name}"`;
  const what = `${verb} ${target}${namespace === undefined ? "" : ` in namespace "${namespace}"`}`;
  switch (from.kind) {
    case "status": {
      const refused = from.status !== undefined && from.status < 500 && from.status !== 404 && from.status !== 429;
      const label = `${from.status}${from.reason ? ` ${from.reason}` : ""}`;
      return `${what} ${refused ? "was refused" : "failed"} (${label})${from.detail ? `: ${from.detail}` : ""}`;
    }
    case "unreachable":
      return `${what} failed: the API server cannot be reached: ${from.detail}`;
    case "timeout":
      return `${what} failed: ${from.detail}`;
    case "protocol":
      return `${what} failed: the answer does not come from a Kubernetes API server: ${from.detail}`;
    case "credentials":
      return `${what} failed: no credentials are available: ${from.detail}`;
  }
}

function cleanDetails(details: Status["details"], clean: (text: string) => string): Status["details"] {
  if (!details?.causes) return details;
  const causes = details.causes.map((cause) =>
    cause.message === undefined ? cause : { ...cause, message: clean(cause.message) },
  );
  return { ...details, causes };
}
