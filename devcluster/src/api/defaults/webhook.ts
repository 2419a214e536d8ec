import { list, plain } from "../../store/plain.ts";
import type { KubeObject } from "../../types.ts";

/** Defaults of both kinds of webhook configurations. */
export function defaultWebhooks(configuration: KubeObject): void {
  for (const webhook of list(configuration.webhooks).map(plain)) {
    webhook.failurePolicy ??= "Fail";
    webhook.matchPolicy ??= "Equivalent";
    webhook.namespaceSelector ??= {};
    webhook.objectSelector ??= {};
    webhook.timeoutSeconds ??= 10;
    if (configuration.kind === "MutatingWebhookConfiguration") webhook.reinvocationPolicy ??= "Never";
    for (const rule of list(webhook.rules).map(plain)) rule.scope ??= "*";
    const { service } = plain(webhook.clientConfig);
    if (service !== undefined) plain(service).port ??= 443;
  }
}
