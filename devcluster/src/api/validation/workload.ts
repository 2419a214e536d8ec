import { list, plain } from "../../store/plain.ts";
import type { KubeObject } from "../../types.ts";
import type { Complaints } from "./errors.ts";
import { validateLabels } from "./meta.ts";
import { validatePodSpec } from "./pod-spec.ts";

/** Of StatefulSets and DaemonSets: the selector must take the template's own pods, which live for ever. */
export function validateWorkload({ spec: given }: KubeObject, complaints: Complaints): void {
  const spec = plain(given);
  const template = plain(spec.template);
  const labels = plain(plain(template.metadata).labels);
  validateLabels("spec.template.labels", labels, complaints);
  const wanted = Object.entries(plain(plain(spec.selector).matchLabels));
  if (spec.selector === undefined) complaints.required("spec.selector");
  else if (wanted.length === 0 || wanted.some(([key, value]) => labels[key] !== value))
    complaints.invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`");
  const pod = plain(template.spec);
  validatePodSpec(withClaims(pod, spec.volumeClaimTemplates), "spec.template.spec", complaints);
  complaints.oneOf("spec.template.spec.restartPolicy", pod.restartPolicy, ["Always"]);
}

/** Containers mount the templates of claims by name. */
function withClaims(pod: Readonly<Record<string, unknown>>, templates: unknown): Record<string, unknown> {
  const claims = list(templates).map((template) => {
    const { name } = plain(plain(template).metadata);
    return { name, persistentVolumeClaim: { claimName: name } };
  });
  return { ...pod, volumes: [...list(pod.volumes), ...claims] };
}

export function validateService({ spec }: KubeObject, complaints: Complaints): void {
  const { ports, type } = plain(spec);
  if (list(ports).length === 0 && type !== "ExternalName") complaints.required("spec.ports");
}
