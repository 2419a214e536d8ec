/** Admission webhooks of the test's own, asked about what is created in the test's namespace alone. */
import {
  type AdmissionregistrationV1Api,
  AdmissionregistrationV1Api as Api,
  KubeConfig,
} from "@kubernetes/client-node";
import { startWebhook, type TestWebhook, webhookConfiguration } from "../../../devcluster/test/api/webhook.ts";
import type { Place } from "./place.ts";

export { startWebhook, type TestWebhook };

/** Whether the API server can reach a webhook on this machine: it runs here itself. */
export function canAskWebhooks({ adminKubeconfig }: Place): boolean {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(adminKubeconfig);
  const { hostname } = new URL(kubeConfig.getCurrentCluster()?.server ?? "https://unknown");
  return ["127.0.0.1", "localhost", "[::1]"].includes(hostname);
}

/** @param kind what the webhook may do: change what is created, or refuse it. Returns the way to remove it. */
export async function registerWebhook(
  place: Place,
  kind: "Mutating" | "Validating",
  resource: "jobs" | "pods",
  clientConfig: TestWebhook["clientConfig"],
): Promise<() => Promise<unknown>> {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(place.adminKubeconfig);
  const api: AdmissionregistrationV1Api = kubeConfig.makeApiClient(Api);
  const name = `${kind.toLowerCase()}-${resource}-${place.namespace}`;
  const namespaceSelector = { matchLabels: { "kubernetes.io/metadata.name": place.namespace } };
  const body = webhookConfiguration(name, resource, { clientConfig, namespaceSelector, timeoutSeconds: 5 });
  if (kind === "Mutating") {
    await api.createMutatingWebhookConfiguration({ body });
    return () => api.deleteMutatingWebhookConfiguration({ name });
  }
  await api.createValidatingWebhookConfiguration({ body });
  return () => api.deleteValidatingWebhookConfiguration({ name });
}
