import type { Status } from "kubernetes-types/meta/v1.js";
import { ApiError, type Request } from "../api-error.ts";
import { startDeadline } from "../http/deadline.ts";
import { IdleTimeout } from "../http/idle-timeout.ts";
import { isTransient } from "../http/retry.ts";
import type { Call, Transport } from "../http/transport.ts";
import { isUnsent } from "../http/unsent-error.ts";
import { pathOf, pods } from "../resource-types.ts";
import { runWebSocket } from "./web-socket.ts";

export interface ExecRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** The program and its arguments; no shell unless it is one. It gets no stdin. */
  readonly command: readonly [string, ...string[]];
}

/**
 * `exited` the program has ended, and all that it printed was delivered; `gone` there is no such pod (any more); `refused`
 * asking again will not help (the right is missing); `failed` it may; `aborted` by the caller.
 */
export type ExecEnd =
  | { readonly kind: "exited"; readonly exitCode: number; readonly stderr: string }
  | { readonly kind: "gone" | "refused" | "failed"; readonly error: ApiError }
  | { readonly kind: "aborted" };

export interface ExecLimits {
  /** Milliseconds until the handshake must be done. @default 15000 */
  readonly openTimeoutMs?: number;
  /** Milliseconds without a message after which the connection counts as dead. @default 15000 */
  readonly idleTimeoutMs?: number;
}

/** v5 differs from v4 by what only stdin needs; servers before 1.30 know v4 alone. */
const PROTOCOLS = ["v5.channel.k8s.io", "v4.channel.k8s.io"];

/** The first byte of each message. */
const CHANNEL = { stdout: 1, stderr: 2, status: 3 } as const;
const MAX_STDERR_BYTES = 4096;

/**
 * Runs a program in a container that lives, and hands over what it prints; the bytes are the caller's. Never throws.
 * Aborting the signal closes the connection at once; the program finds out when it writes.
 */
export async function exec(
  transport: Transport,
  request: ExecRequest,
  onStdout: (bytes: Buffer) => void,
  signal: AbortSignal,
  { openTimeoutMs = 15_000, idleTimeoutMs = 15_000 }: ExecLimits = {},
): Promise<ExecEnd> {
  const call = callOf(request);
  const done = new AbortController();
  const deadline = startDeadline(openTimeoutMs, signal);
  const idle = new IdleTimeout(transport.clock, idleTimeoutMs, done);
  let stderr = "";
  let status = "";
  const onMessage = (message: Buffer): void => {
    idle.reset();
    const bytes = message.subarray(1);
    if (message[0] === CHANNEL.stdout && bytes.length > 0) onStdout(bytes);
    else if (message[0] === CHANNEL.stderr) stderr = (stderr + bytes.toString()).slice(0, MAX_STDERR_BYTES);
    else if (message[0] === CHANNEL.status) status += bytes.toString();
  };
  const began = transport.clock.now();
  let opened = false;
  const onOpen = (): void => {
    opened = true;
    transport.answered(call, "101", began);
    deadline.stopTimer();
    idle.start();
  };
  try {
    signal.throwIfAborted();
    const until = AbortSignal.any([deadline.signal, done.signal]);
    await runWebSocket(transport, call, { protocols: PROTOCOLS, onOpen, onMessage }, until);
    return endOf(status, stderr, call.request);
  } catch (thrown) {
    // As for every call: what was not sent is no request.
    if (!opened && !isUnsent(thrown)) transport.answered(call, codeOf(thrown, deadline.expired, signal.aborted), began);
    if (signal.aborted) return { kind: "aborted" };
    if (status !== "") return endOf(status, stderr, call.request);
    if (deadline.expired && !isUnsent(thrown))
      return late(call, `the API server did not answer within ${openTimeoutMs / 1000} s`);
    if (idle.expired) return late(call, "the connection was idle for too long");
    if (!(thrown instanceof ApiError)) throw thrown;
    return { kind: kindOf(thrown), error: thrown };
  } finally {
    deadline.clear();
    done.abort();
  }
}

/** Of a handshake that failed, see Traffic. */
function codeOf(thrown: unknown, expired: boolean, aborted: boolean): string {
  if (aborted) return "aborted";
  if (expired) return "timeout";
  return thrown instanceof ApiError ? String(thrown.status ?? thrown.kind) : "unreachable";
}

function callOf({ namespace, pod, container, command }: ExecRequest): Call {
  return {
    // A WebSocket opens with GET, for which RBAC wants `get`, and since 1.35 `create` as well.
    request: { verb: "create", resource: "pods/exec", namespace, name: pod },
    method: "GET",
    path: `${pathOf(pods, namespace, pod)}/exec`,
    query: { command, container, stdout: true, stderr: true },
    accept: "*/*",
  };
}

/** The status comes last, after all output. */
function endOf(text: string, stderr: string, request: Request): ExecEnd {
  const status = parse(text);
  if (status?.status === "Success") return { kind: "exited", exitCode: 0, stderr };
  if (status?.reason === "NonZeroExitCode") {
    const exitCode = Number(status.details?.causes?.find(({ reason }) => reason === "ExitCode")?.message);
    if (Number.isInteger(exitCode)) return { kind: "exited", exitCode, stderr };
  }
  const detail = status?.message ?? "the connection was closed before the program's end was reported";
  const details = { request, detail, status: status?.code, reason: status?.reason, body: status };
  const error = new ApiError({ kind: status ? "status" : "unreachable", ...details });
  return { kind: "failed", error };
}

function parse(text: string): Status | undefined {
  try {
    return JSON.parse(text) as Status;
  } catch {
    return undefined;
  }
}

function kindOf(error: ApiError): "gone" | "refused" | "failed" {
  if (error.notFound) return "gone";
  return isTransient(error) || error.unauthorized ? "failed" : "refused";
}

function late({ request }: Call, detail: string): ExecEnd {
  return { kind: "failed", error: new ApiError({ kind: "timeout", request, detail }) };
}
