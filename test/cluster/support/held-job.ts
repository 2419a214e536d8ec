/** A Job as an adapter process leaves it that dies between creating and unsuspending it, or later. */
import type { Job } from "kubernetes-types/batch/v1";
import { ADAPTER_TYPE, ANNOTATIONS, CONTAINER, LABELS } from "../../../src/run/shared/names.ts";
import { freshId } from "./context.ts";
import type { Place } from "./place.ts";

export interface HeldJob {
  readonly agentId: string;
  readonly runId: string;
  readonly finalizers?: string[];
  /** How long its container works. @default 60 */
  readonly seconds?: number;
  /** @default true */
  readonly suspend?: boolean;
}

export function jobManifestOf(
  place: Place,
  { agentId, runId, finalizers = [], suspend = true, seconds = 60 }: HeldJob,
): Job {
  const labels = {
    [LABELS.managedBy]: "paperclip",
    [LABELS.adapterType]: ADAPTER_TYPE,
    [LABELS.agentId]: agentId,
    [LABELS.runId]: runId,
  };
  return {
    metadata: {
      name: `held-${freshId()}`,
      labels,
      annotations: { [ANNOTATIONS.runId]: runId, [ANNOTATIONS.taskId]: "task-1" },
      finalizers,
    },
    spec: {
      suspend,
      backoffLimit: 0,
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: "Never",
          securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
          containers: [
            {
              name: CONTAINER,
              image: place.image,
              command: ["sleep", String(seconds)],
              securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
            },
          ],
        },
      },
    },
  };
}
