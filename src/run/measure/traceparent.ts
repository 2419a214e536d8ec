/** A Job carries the trace in which it was started, so that a run that adopts it can name that. */
import type { Job } from "kubernetes-types/batch/v1";
import { ANNOTATIONS } from "../shared/names.ts";

export function withTraceparent(job: Job, traceparent: string | null): Job {
  if (traceparent === null) return job;
  const { metadata } = job;
  return {
    ...job,
    metadata: { ...metadata, annotations: { ...metadata?.annotations, [ANNOTATIONS.traceparent]: traceparent } },
  };
}

export const traceparentOf = ({ metadata }: Job): string | null =>
  metadata?.annotations?.[ANNOTATIONS.traceparent] ?? null;
