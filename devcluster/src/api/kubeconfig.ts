import { stringify } from "yaml";

export interface KubeconfigOptions {
  readonly url: string;
  /** PEM of what to trust. */
  readonly ca: string;
  readonly token: string;
  /** @default "default" */
  readonly namespace?: string;
}

/** YAML for KUBECONFIG; one cluster, one user, one context, all called devcluster. */
export function kubeconfigFor({ url, ca, token, namespace = "default" }: KubeconfigOptions): string {
  const name = "devcluster";
  return stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name, cluster: { server: url, "certificate-authority-data": Buffer.from(ca).toString("base64") } }],
      users: [{ name, user: { token } }],
      contexts: [{ name, context: { cluster: name, user: name, namespace } }],
      "current-context": name,
    },
    { lineWidth: 0 },
  );
}
