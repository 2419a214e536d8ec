import type { KubeObject } from "../types.ts";
import type { ApiStore } from "./store.ts";

const NAMESPACES = ["kube-system", "kube-public", "kube-node-lease", "default"];

/** As clusters have it: a claim gets its volume on the node of the first pod that uses it, and can grow. */
const STANDARD_CLASS = {
  metadata: { name: "standard", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
  provisioner: "devcluster.local/directory",
  reclaimPolicy: "Delete",
  volumeBindingMode: "WaitForFirstConsumer",
  allowVolumeExpansion: true,
};

/**
 * What is there before the first client: the usual namespaces, the role of the administrator, a class of volumes, and in each namespace,
 * now and later, the default ServiceAccount and the API's certificate. Returns the way to stop the "later".
 */
export function bootstrap(store: ApiStore, { ca }: { readonly ca: string }): () => void {
  const furnish = (namespace: KubeObject): void => {
    const { name } = namespace.metadata;
    store.create("serviceaccounts", { metadata: { name: "default", namespace: name } });
    store.create("configmaps", { metadata: { name: "kube-root-ca.crt", namespace: name }, data: { "ca.crt": ca } });
  };
  const stop = store.subscribe(({ type, resource, object }) => {
    if (resource === "namespaces" && type === "ADDED") furnish(object);
  });
  for (const name of NAMESPACES) store.create("namespaces", { metadata: { name } });
  store.create("storageclasses", STANDARD_CLASS);
  store.create("clusterroles", {
    metadata: { name: "cluster-admin" },
    rules: [
      { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
      { nonResourceURLs: ["*"], verbs: ["*"] },
    ],
  });
  return stop;
}
