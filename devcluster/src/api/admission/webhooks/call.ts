import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { text } from "node:stream/consumers";
import type { Operation } from "fast-json-patch";
import { isPlain, list, type Plain, plain } from "../../../store/plain.ts";
import { ApiError } from "../../api-error.ts";
import type { AdmissionRequest, Webhook } from "./webhook.ts";

/**
 * Asks the webhook over HTTPS and returns the changes that it wants. Throws ApiError when it denies the request, or cannot
 * be asked and fails closed (failurePolicy Fail). The sentences are measured on 1.36.2.
 */
export async function callWebhook(
  webhook: Webhook,
  request: AdmissionRequest,
  warn: (text: string) => void,
): Promise<Operation[]> {
  const uid = randomUUID();
  const review = { kind: "AdmissionReview", apiVersion: "admission.k8s.io/v1", request: { uid, ...request } };
  let response: Plain;
  try {
    response = await post(webhook, review);
    if (response.uid !== uid) throw new Error(`expected response.uid="${uid}", got "${response.uid}"`);
  } catch (error) {
    if (webhook.failurePolicy === "Ignore") return [];
    const why = error instanceof Error ? error.message : String(error);
    const message = `Internal error occurred: failed calling webhook "${webhook.name}": failed to call webhook: ${why}`;
    throw new ApiError(500, "InternalError", message, { causes: [{ reason: "", message, field: "" }] });
  }
  for (const warning of list(response.warnings)) warn(String(warning));
  if (response.allowed !== true) throw denial(webhook.name, plain(response.status));
  return typeof response.patch === "string" ? JSON.parse(Buffer.from(response.patch, "base64").toString()) : [];
}

/** A denial without a code of its own is a 400. */
function denial(name: string, { code, reason, message }: Plain): ApiError {
  const by = `admission webhook "${name}" denied the request`;
  const sentence = message ? `${by}: ${message}` : reason ? `${by}: ${reason}` : `${by} without explanation`;
  return new ApiError(typeof code === "number" && code >= 400 ? code : 400, String(reason ?? ""), sentence);
}

async function post({ clientConfig, timeoutSeconds }: Webhook, review: object): Promise<Plain> {
  const { url, service, caBundle } = clientConfig;
  const base = url ?? addressOf(plain(service));
  const address = `${base}${base.includes("?") ? "&" : "?"}timeout=${timeoutSeconds}s`;
  const doing = `Post "${address}"`;
  // Nothing resolves a Service here: there are none.
  if (url === undefined) throw new Error(`${doing}: service "${plain(service).name}" not found`);
  const signal = AbortSignal.timeout(timeoutSeconds * 1000);
  const ca = caBundle === undefined ? {} : { ca: Buffer.from(caBundle, "base64") };
  const headers = { "content-type": "application/json", accept: "application/json" };
  let status: number;
  let body: string;
  try {
    const call = httpsRequest(address, { method: "POST", headers, signal, agent: false, ...ca });
    call.end(JSON.stringify(review));
    const [answer] = (await once(call, "response")) as [IncomingMessage];
    status = answer.statusCode ?? 0;
    body = await text(answer);
  } catch (error) {
    throw new Error(`${doing}: ${inGo(error as NodeJS.ErrnoException & { address?: string; port?: number }, signal)}`);
  }
  if (status === 404) throw new Error("the server could not find the requested resource");
  if (status >= 300) {
    throw new Error(`an error on the server (${JSON.stringify(body)}) has prevented the request from succeeding`);
  }
  const parsed: unknown = JSON.parse(body);
  return isPlain(parsed) ? plain(parsed.response) : {};
}

function addressOf({ namespace, name, path = "", port = 443 }: Plain): string {
  return `https://${name}.${namespace}.svc:${port}${path}`;
}

/** What Go's HTTP client says of the same failure. */
function inGo(error: NodeJS.ErrnoException & { address?: string; port?: number }, signal: AbortSignal): string {
  if (signal.aborted) return "context deadline exceeded";
  if (error.code === "ECONNREFUSED") return `dial tcp ${error.address}:${error.port}: connect: connection refused`;
  if (/SELF_SIGNED|UNABLE_TO_VERIFY/.test(error.code ?? "")) {
    return "tls: failed to verify certificate: x509: certificate signed by unknown authority";
  }
  return error.message;
}
