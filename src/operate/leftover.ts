/** One thing that is left over of a run that is over. */
export interface Leftover {
  readonly kind: "job" | "probe" | "secret" | "transcripts" | "transcript-copies";
  /** Such as `Job NAMESPACE/NAME of run RUN`. */
  readonly what: string;
  /** A clause. */
  readonly why: string;
  /** What would be done: `stop` ends an agent first. */
  readonly how: "delete" | "stop";
  /** Throws ApiError; resolves also where it has changed meanwhile, and stays. */
  readonly remove: () => Promise<void>;
}
