/** A Job as an adapter process leaves it that dies between creating and unsuspending it, or later. */
import type { Job } from "kubernetes-types/batch/v1";
import { jobs, type Stored, secrets } from "../../../src/kubernetes/resource-types.ts";
import { Installation, labelOf } from "../../../src/paperclip/installation.ts";
import { signJob } from "../../../src/run/shared/job-signature.ts";
import { ADAPTER_TYPE, ANNOTATIONS, CONTAINER, LABELS } from "../../../src/run/shared/names.ts";
import { mintToken, TOKEN_SECRET } from "../../support/run-token.ts";
import { freshId } from "./context.ts";
import type { Place } from "./place.ts";

export interface HeldJob {
  readonly agentId: string;
  readonly runId: string;
  readonly finalizers?: string[];
  /** By this Paperclip, or by whoever copied its labels. @default true */
  readonly signed?: boolean;
  /** How long its container works. @default 60 */
  readonly seconds?: number;
  /** @default true */
  readonly suspend?: boolean;
}

export function jobManifestOf(
  place: Place,
  { agentId, runId, finalizers = [], suspend = true, seconds = 60, signed = true }: HeldJob,
): Job {
  const installation = new Installation(labelOf("default", null), "default", TOKEN_SECRET);
  const labels = {
    ...(signed ? { [LABELS.instance]: installation.label } : {}),
    [LABELS.managedBy]: "paperclip",
    [LABELS.adapterType]: ADAPTER_TYPE,
    [LABELS.agentId]: agentId,
    [LABELS.runId]: runId,
  };
  const job: Job = {
    metadata: {
      namespace: place.namespace,
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
  return signed ? signJob(job, installation, tokenOf({ agentId, runId })) : job;
}

const tokenOf = ({ agentId, runId }: Pick<HeldJob, "agentId" | "runId">): string =>
  mintToken({ agentId, companyId: "company", runId }, { claims: { iat: 1, exp: 2 } });

/** Creates it as launched: with its Secret. `edit`: what it has beside. */
export async function launchHeld(place: Place, held: HeldJob, edit = (job: Job): Job => job): Promise<Stored<Job>> {
  const { admin, namespace } = place;
  const job = await admin.create(jobs, namespace, edit(jobManifestOf(place, { ...held, suspend: false })));
  await admin.create(secrets, namespace, {
    metadata: {
      name: job.metadata.name,
      ownerReferences: [
        { apiVersion: "batch/v1", kind: "Job", name: job.metadata.name, uid: job.metadata.uid, controller: true },
      ],
    },
    type: "Opaque",
    data: { "env.PAPERCLIP_API_KEY": Buffer.from(tokenOf(held)).toString("base64") },
  });
  return job;
}
