import jsonPatch from "fast-json-patch";
import { clone } from "../../../store/plain.ts";
import type { ApiStore, WriteOptions } from "../../../store/store.ts";
import type { KubeObject, ResourceName } from "../../../types.ts";
import { applyDefaults } from "../../defaults/index.ts";
import { apiVersionOf, type ResourceDefinition, resourceNamed } from "../../resources.ts";
import { callWebhook } from "./call.ts";
import { admissionRequest, type Webhook, webhooksFor } from "./webhook.ts";

export interface Creation extends WriteOptions {
  /** Who creates the object, as webhooks are told. */
  readonly username: string;
}

/**
 * Creates an object past the cluster's webhooks: first those that change it, one after the other, then those that only
 * judge it, all at once. Where none is asked, the object is there when this returns.
 */
export function createPastWebhooks(
  store: ApiStore,
  name: ResourceName,
  object: KubeObject,
  { username, ...options }: Creation,
): KubeObject | Promise<KubeObject> {
  const resource = resourceNamed(name);
  const mutating = webhooksFor(store, "mutatingwebhookconfigurations", resource, object);
  const validating = webhooksFor(store, "validatingwebhookconfigurations", resource, object);
  if (mutating.length + validating.length === 0) return store.create(name, object, options);
  const warn = options.warn ?? (() => {});
  const ask = (webhook: Webhook, about: KubeObject) =>
    callWebhook(webhook, admissionRequest(about, resource, username, options.dryRun === true), warn);
  return (async () => {
    const changed = await mutated(object, resource, mutating, ask);
    if (validating.length > 0) {
      // A judge sees the object as it will be stored, and only one that is valid.
      const whole = store.create(name, changed, { dryRun: true });
      await Promise.all(validating.map((webhook) => ask(webhook, whole)));
    }
    return store.create(name, changed, options);
  })();
}

async function mutated(
  object: KubeObject,
  resource: ResourceDefinition,
  webhooks: readonly Webhook[],
  ask: (webhook: Webhook, about: KubeObject) => ReturnType<typeof callWebhook>,
): Promise<KubeObject> {
  let draft: KubeObject = { ...clone(object), apiVersion: apiVersionOf(resource), kind: resource.kind };
  applyDefaults(draft, resource);
  for (const webhook of webhooks) {
    draft = jsonPatch.applyPatch(draft, await ask(webhook, draft), true, false).newDocument;
  }
  return draft;
}
