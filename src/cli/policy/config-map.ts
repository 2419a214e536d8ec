/** The policy as kubectl applies it, and what Paperclip's pod needs once. Pure. */
import { stringify } from "yaml";
import { comment } from "../../policy/suggest/print-suggestion.ts";

/** As in deploy/kustomize/policy. */
const NAME = "claude-k8s-policy";
const FOLDER = "/etc/paperclip-k8s";

/** What Paperclip's pod needs, once, to have the ConfigMap as its policy. */
export const podLines: readonly string[] = [
  " env:",
  `   - { name: PAPERCLIP_K8S_POLICY, value: ${FOLDER}/policy.yaml }`,
  " volumeMounts:",
  `   - { name: ${NAME}, mountPath: ${FOLDER}, readOnly: true }`,
  " volumes:",
  `   - { name: ${NAME}, configMap: { name: ${NAME} } }`,
];

/** @param policy the text of the file @param namespace of Paperclip; null: that of kubectl's context */
export function configMapOf(policy: string, namespace: string | null): string {
  const manifest = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: NAME, ...(namespace === null ? {} : { namespace }) },
    data: { "policy.yaml": policy },
  };
  const head = comment([
    "Read it, then: claude-k8s policy suggest --configmap | kubectl apply -f -",
    "Paperclip's pod needs, once; later changes hold for the next run, about a minute after they were applied:",
    "",
    ...podLines,
  ]);
  return `${head}${stringify(manifest, { lineWidth: 0, blockQuote: "literal" })}`;
}
