/** What a field of a pod template may hold beyond its type, as the API server checks it (1.36): a file for each subject. */
import { CONTAINER_RULES } from "./field-rules/containers.ts";
import { ENVIRONMENT_RULES } from "./field-rules/environment.ts";
import type { FieldRules } from "./field-rules/field-rule.ts";
import { METADATA_RULES } from "./field-rules/metadata.ts";
import { POD_RULES } from "./field-rules/pod.ts";
import { SCHEDULING_RULES } from "./field-rules/scheduling.ts";
import { SECURITY_RULES } from "./field-rules/security.ts";
import { VOLUME_RULES } from "./field-rules/volumes.ts";

export const FIELD_RULES: FieldRules = {
  ...METADATA_RULES,
  ...POD_RULES,
  ...SECURITY_RULES,
  ...CONTAINER_RULES,
  ...ENVIRONMENT_RULES,
  ...VOLUME_RULES,
  ...SCHEDULING_RULES,
};
