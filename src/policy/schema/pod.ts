/** `pod`: how pods are hardened beyond `restricted`. */
import { z } from "zod";
import { toggle } from "../../config/field.ts";

export const pod = z.strictObject({
  hostUsers: toggle
    .optional()
    .describe(
      "false: the pod has a user namespace of its own. Needs Kubernetes 1.33 and a runtime and file systems that can.",
    ),
  readOnlyRootFilesystem: toggle
    .optional()
    .describe("true: only the home, /tmp and the run's own folders can be written."),
  appArmorProfile: z
    .enum(["RuntimeDefault", "Unconfined"])
    .optional()
    .describe("AppArmor's profile of the pod. Needs Kubernetes 1.30 and nodes with AppArmor."),
  supplementalGroupsPolicy: z
    .enum(["Merge", "Strict"])
    .optional()
    .describe("Strict: an image's /etc/group gives the agent no group. Needs Kubernetes 1.33."),
});
