import { ApiError, type Request } from "../api-error.ts";

/** What the network threw, as the client sees it. */
export interface NetworkFault {
  readonly kind: "unreachable" | "timeout";
  readonly code: string | undefined;
  readonly detail: string;
  /** True when no byte of the request can have reached the server. */
  readonly neverSent: boolean;
  /** False when waiting will not help: the certificates do not match. */
  readonly transient: boolean;
}

interface SystemError extends Error {
  code?: string;
  syscall?: string;
}

const BEFORE_SENDING = new Set(["UND_ERR_CONNECT_TIMEOUT", "UND_ERR_DESTROYED", "UND_ERR_CLOSED"]);
const CERTIFICATE =
  /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|ERR_OSSL_|INVALID_CA)/;

/** Whether the server's certificate is what failed. @param code of an ApiError */
export const isCertificateFault = (code: string | undefined): boolean => code !== undefined && CERTIFICATE.test(code);

/** Node's advice to whoever starts it, which is not who reads this. */
const ADVICE = /; if the root CA is installed locally, .*$/;

/** @param isReplaced its connections were closed since for new ones, with renewed credentials */
export function networkFault(thrown: unknown, isReplaced = false): NetworkFault {
  const error = rootOf(thrown);
  const { code } = error;
  const certificate = isCertificateFault(code);
  const connecting =
    error.syscall === "connect" || error.syscall === "getaddrinfo" || /before secure TLS/.test(error.message);
  const timeout = code === "UND_ERR_HEADERS_TIMEOUT" || code === "UND_ERR_BODY_TIMEOUT";
  return {
    kind: timeout ? "timeout" : "unreachable",
    code,
    detail: timeout
      ? "the API server did not answer in time"
      : [code, error.message.replace(ADVICE, "")].filter(Boolean).join(": "),
    neverSent: connecting || certificate || (code !== undefined && BEFORE_SENDING.has(code)),
    // Only a renewal closes connections in order (and destroys them when all on them is done); the end of a client destroys.
    transient: !certificate && (code !== "UND_ERR_DESTROYED" || isReplaced),
  };
}

/** The error that names a code: undici wraps it, and a host with several addresses gives one for each. */
function rootOf(thrown: unknown): SystemError {
  let error = thrown;
  for (let depth = 0; depth < 5; depth++) {
    if (error instanceof AggregateError && error.errors[0] instanceof Error) error = error.errors[0];
    else if (error instanceof Error && (error as SystemError).code === undefined && error.cause instanceof Error)
      error = error.cause;
    else break;
  }
  return error instanceof Error ? error : new Error(String(error));
}

/** A fault of a read (a stream, a list): a read is never ambiguous. */
export function networkError(thrown: unknown, request: Request): ApiError {
  if (thrown instanceof ApiError) return thrown;
  const { neverSent: _, ...fault } = networkFault(thrown);
  return new ApiError({ ...fault, request });
}
