/** An admission webhook on this machine: HTTPS with a certificate of its own. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { createCertificate } from "../../src/api/certificate.ts";

export interface TestWebhook {
  readonly clientConfig: { readonly url: string; readonly caBundle: string };
  /** What it was asked so far. */
  readonly reviews: readonly Record<string, unknown>[];
  close(): Promise<void>;
}

interface Answer {
  /** @default true */
  readonly allowed?: boolean;
  readonly status?: object;
  /** JSON patch. */
  readonly patch?: readonly object[];
}

/** @param answer "down" is what a proxy says in place of a webhook that is away */
export async function startWebhook(
  answer: (request: Record<string, unknown>) => Answer | "down" | Promise<Answer>,
): Promise<TestWebhook> {
  const { cert, key } = await createCertificate();
  const reviews: Record<string, unknown>[] = [];
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const review = ((await json(request)) as { request: Record<string, unknown> }).request;
    reviews.push(review);
    const answered = await answer(review);
    if (answered === "down") {
      response.writeHead(503).end();
      return;
    }
    const { patch, ...rest } = answered;
    const change = patch && { patchType: "JSONPatch", patch: Buffer.from(JSON.stringify(patch)).toString("base64") };
    const body = { uid: review.uid, allowed: true, ...rest, ...change };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", response: body }));
  };
  const server = createServer({ cert, key }, (request, response) => {
    // A caller that gave up has gone away.
    respond(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    clientConfig: {
      url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/judge`,
      caBundle: Buffer.from(cert).toString("base64"),
    },
    reviews,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** A configuration of one webhook that is asked about the creation of these. */
export function webhookConfiguration<T extends object>(name: string, resource: string, webhook: T) {
  const group = resource === "jobs" ? "batch" : "";
  return {
    metadata: { name },
    webhooks: [
      {
        name: `${name}.test.local`,
        sideEffects: "None",
        admissionReviewVersions: ["v1"],
        rules: [{ apiGroups: [group], apiVersions: ["v1"], operations: ["CREATE"], resources: [resource] }],
        ...webhook,
      },
    ],
  };
}
