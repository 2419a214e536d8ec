/**
 * What a Job carries from its birth by which its Paperclip recognises it: the hash of the token in its Secret, and the
 * signature of whoever created it. The pod carries both too: it may outlive its Job.
 */
import { createHash } from "node:crypto";
import type { Job } from "kubernetes-types/batch/v1";
import type { ObjectMeta } from "kubernetes-types/meta/v1";
import type { Installation } from "../../paperclip/installation.ts";
import { ANNOTATIONS, LABELS } from "./names.ts";

/** A token has more entropy than anybody can search. */
export const tokenHash = (token: string): string => createHash("sha256").update(token).digest("hex");

/** The Job with both. `token`: of its run; null = Paperclip gave it none. */
export function signJob(job: Job, installation: Installation, token: string | null): Job {
  const { metadata, spec } = job;
  if (!spec) return job;
  const hash: Record<string, string> = token === null ? {} : { [ANNOTATIONS.tokenHash]: tokenHash(token) };
  const name = metadata?.name ?? "";
  const signed = (own: ObjectMeta | undefined, kind: "job" | "pod"): ObjectMeta => {
    const hashed = { ...own, annotations: { ...own?.annotations, ...hash } };
    const signature = installation.sign(signedText(hashed, kind, name, metadata?.namespace ?? ""));
    if (signature === null) return hashed;
    return { ...hashed, annotations: { ...hashed.annotations, [ANNOTATIONS.signature]: signature } };
  };
  return {
    ...job,
    metadata: signed(metadata, "job"),
    spec: { ...spec, template: { ...spec.template, metadata: signed(spec.template.metadata, "pod") } },
  };
}

/** A server of this Paperclip created the Job of that name, for that agent. */
export const isJobSigned = ({ metadata }: Job, installation: Installation): boolean =>
  isSigned(metadata, "job", metadata?.name ?? "", installation);

/** As far as it can be told: without a secret nothing is signed. */
export const mayBeSignedBy = (job: Job, installation: Installation): boolean =>
  job.metadata?.labels?.[LABELS.instance] === installation.label &&
  (!installation.hasSecret || isJobSigned(job, installation));

/** True when the Job was created with this token, or, of a version before, does not say. */
export function isTokenOf({ metadata }: Job, token: string | null): boolean {
  const hash = metadata?.annotations?.[ANNOTATIONS.tokenHash];
  if (hash !== undefined) return token !== null && tokenHash(token) === hash;
  return metadata?.labels?.[LABELS.instance] === undefined || token === null;
}

/** A server of this Paperclip created the Job that the pod is of, whether or not that is still there. */
export const isPodSigned = (metadata: ObjectMeta | undefined, installation: Installation): boolean =>
  isSigned(metadata, "pod", metadata?.labels?.["job-name"] ?? "", installation);

function isSigned(
  metadata: ObjectMeta | undefined,
  kind: "job" | "pod",
  job: string,
  installation: Installation,
): boolean {
  const signature = metadata?.annotations?.[ANNOTATIONS.signature];
  return (
    signature !== undefined &&
    installation.hasSigned(signedText(metadata, kind, job, metadata?.namespace ?? ""), signature)
  );
}

/** What never changes in the life of the object: run, task and session do when its Job is adopted. */
function signedText(metadata: ObjectMeta | undefined, kind: "job" | "pod", job: string, namespace: string): string {
  const { labels = {}, annotations = {} } = metadata ?? {};
  const [instance, agent, company] = [LABELS.instance, LABELS.agentId, LABELS.companyId].map((key) => labels[key]);
  const [hash, terms] = [ANNOTATIONS.tokenHash, ANNOTATIONS.terms].map((key) => annotations[key] ?? null);
  return JSON.stringify([kind, namespace, job, instance, agent, company, hash, terms]);
}
