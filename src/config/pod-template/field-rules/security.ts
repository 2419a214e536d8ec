/** Who the processes are, and what the node lets them do. */
import { between, each, type FieldRules, never, oneOf, text } from "./field-rule.ts";
import { MAX } from "./values.ts";

const id = between(0, MAX);

export const SECURITY_RULES: FieldRules = {
  PodSecurityContext: {
    runAsUser: id,
    runAsGroup: id,
    fsGroup: id,
    supplementalGroups: each(id),
    fsGroupChangePolicy: oneOf("OnRootMismatch", "Always"),
    seLinuxChangePolicy: oneOf("MountOption", "Recursive"),
    supplementalGroupsPolicy: oneOf("Merge", "Strict"),
    windowsOptions: never("the pod runs on Linux"),
  },
  SecurityContext: {
    runAsUser: id,
    runAsGroup: id,
    procMount: oneOf("Default"),
    windowsOptions: never("the pod runs on Linux"),
  },
  SeccompProfile: { type: oneOf("RuntimeDefault", "Localhost", "Unconfined") },
  AppArmorProfile: { type: oneOf("RuntimeDefault", "Localhost", "Unconfined") },
  Sysctl: {
    name: text(
      (name) =>
        name.length <= 253 && /^[a-z0-9]([-_a-z0-9]*[a-z0-9])?([./][a-z0-9]([-_a-z0-9]*[a-z0-9])?)*$/.test(name),
      "is no name of a sysctl",
    ),
  },
};
