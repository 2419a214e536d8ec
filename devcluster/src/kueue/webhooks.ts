/** What Kueue's webhooks do to Jobs; the words are measured. */
import { ApiError } from "../api/api-error.ts";
import { plain } from "../store/plain.ts";
import type { KubeObject, Store } from "../types.ts";
import { DEFAULT_QUEUE, GATE_ANNOTATION, QUEUE_LABEL } from "./names.ts";

/** Namespaces whose Jobs are no matter of its webhooks. */
const EXEMPT = new Set(["kube-system", "kueue-system"]);
const DNS_NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

export interface WebhookState {
  /** Whether its controller is away; failurePolicy is Fail. */
  readonly isDown: boolean;
  /** Whether it knows admission gates: on by default since 0.19. */
  readonly knowsGates: boolean;
}

export function admitJob(job: KubeObject, store: Pick<Store, "get">, { isDown }: WebhookState): void {
  const { namespace = "", labels = {} } = job.metadata;
  if (EXEMPT.has(namespace)) return;
  if (isDown) throw unreachable("mjob.kb.io", "mutate");
  if (!labels[QUEUE_LABEL] && store.get("localqueues", namespace, DEFAULT_QUEUE))
    job.metadata.labels = { ...labels, [QUEUE_LABEL]: DEFAULT_QUEUE };
  const queue = job.metadata.labels?.[QUEUE_LABEL];
  if (!queue) return;
  if (!DNS_NAME.test(queue)) {
    const rule = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'";
    throw denied(`metadata.labels[${QUEUE_LABEL}]: Invalid value: ${JSON.stringify(queue)}: ${rule}`);
  }
  job.spec = { ...plain(job.spec), suspend: true };
}

export function admitJobUpdate(job: KubeObject, old: KubeObject, { isDown, knowsGates }: WebhookState): void {
  if (EXEMPT.has(old.metadata.namespace ?? "")) return;
  if (isDown) throw unreachable("mjob.kb.io", "mutate");
  const [queue = "", before = ""] = [job, old].map(({ metadata }) => metadata.labels?.[QUEUE_LABEL]);
  if (queue !== before && plain(job.spec).suspend !== true)
    throw denied(
      `metadata.labels[${QUEUE_LABEL}]: Invalid value: ${JSON.stringify(queue || before)}: field is immutable`,
    );
  if (knowsGates && gatesOf(job).some((gate) => !gatesOf(old).includes(gate)))
    throw denied(`metadata.annotations[${GATE_ANNOTATION}]: Forbidden: cannot add admission gate after creation`);
}

export function gatesOf({ metadata }: KubeObject): readonly string[] {
  return (metadata.annotations?.[GATE_ANNOTATION] ?? "").split(",").filter((gate) => gate !== "");
}

function denied(why: string): ApiError {
  return new ApiError(403, "Forbidden", `admission webhook "vjob.kb.io" denied the request: ${why}`);
}

function unreachable(name: string, does: string): ApiError {
  const address = `https://kueue-webhook-service.kueue-system.svc:443/${does}-batch-v1-job?timeout=10s`;
  const why = `Post "${address}": dial tcp 10.96.0.42:443: connect: connection refused`;
  const message = `Internal error occurred: failed calling webhook "${name}": failed to call webhook: ${why}`;
  return new ApiError(500, "InternalError", message, { causes: [{ reason: "", message, field: "" }] });
}
