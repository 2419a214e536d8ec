/** What a pod is called and labelled with. */
import { isAnnotationKey } from "../../kubernetes-formats.ts";
import { both, type FieldRules, keys, never, oneOf, text } from "./field-rule.ts";
import { labels, qualified } from "./values.ts";

/** A template's metadata is the pod's: the Job's controller gives the rest. */
const GIVEN = never("the Job's controller gives it");

export const METADATA_RULES: FieldRules = {
  ObjectMeta: {
    annotations: both(keys(text(isAnnotationKey, "is no qualified name")), ownAnnotations),
    labels,
    creationTimestamp: GIVEN,
    deletionGracePeriodSeconds: GIVEN,
    deletionTimestamp: GIVEN,
    finalizers: GIVEN,
    generateName: GIVEN,
    generation: GIVEN,
    managedFields: GIVEN,
    name: GIVEN,
    namespace: GIVEN,
    ownerReferences: GIVEN,
    resourceVersion: GIVEN,
    selfLink: GIVEN,
    uid: GIVEN,
  },
  LabelSelector: { matchLabels: labels },
  LabelSelectorRequirement: { key: qualified, operator: oneOf("In", "NotIn", "Exists", "DoesNotExist") },
};

/** Annotations that the API server reads itself. */
export function ownAnnotations(annotations: unknown): string | null {
  for (const [key, value] of Object.entries(annotations as object)) {
    if (/^(container\.)?(apparmor\.security\.beta|seccomp\.security\.alpha)\.kubernetes\.io/.test(key))
      return `has the key \`${key}\`, in whose place there is securityContext`;
    if (
      key === "controller.kubernetes.io/pod-deletion-cost" &&
      value !== null &&
      !/^(0|-?[1-9]\d{0,8})$/.test(String(value))
    )
      return `has no whole number for \`${key}\``;
  }
  return null;
}
