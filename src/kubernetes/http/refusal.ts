import type { IncomingHttpHeaders } from "node:http";
import type { Status } from "kubernetes-types/meta/v1.js";
import { ApiError, type Request } from "../api-error.ts";
import { retryAfterMs } from "./backoff.ts";

export interface RefusedCall {
  readonly request: Request;
  readonly method: string;
}

export interface Refusal {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
}

/** The API server's word on a path of no kind that it serves: plain text, where it knows nothing of the group. */
const NO_SUCH_PATH = "404 page not found";

/** An answer that is no success, as an ApiError. @param now of the clock by which Retry-After is counted */
export function refusalOf(
  { request, method }: RefusedCall,
  { statusCode: status, headers }: Refusal,
  text: string,
  now: number,
): ApiError {
  const body = asStatus(text);
  const retryable = status === 429 || status >= 500;
  const unserved = status === 404 && text.trim() === NO_SUCH_PATH && "audit-id" in headers;
  return new ApiError({
    // A proxy's own 404 or 403 does not come from the cluster: nothing may be concluded from it. Only the API server gives its
    // answers an Audit-Id; Go's other servers say the same words.
    kind: body !== undefined || retryable || unserved ? "status" : "protocol",
    request,
    status,
    reason: body?.reason,
    body,
    detail: unserved ? "the API server serves no such kind" : (body?.message ?? (text.trim() || `HTTP ${status}`)),
    retryAfterMs: retryAfterMs(headers["retry-after"], now),
    ambiguous: method !== "GET" && mayHaveHappened(status, headers["retry-after"] !== undefined),
  });
}

/** A refusal means no change; a fault inside the server (or of a gateway before it) proves nothing. */
function mayHaveHappened(status: number, saysRetryAfter: boolean): boolean {
  return status >= 500 && !(status === 503 && saysRetryAfter);
}

function asStatus(text: string): Status | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && (value as Status).kind === "Status"
      ? (value as Status)
      : undefined;
  } catch {
    return undefined;
  }
}
