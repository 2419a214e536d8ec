/** What was found out about Jobs before: a Job that is waited for is asked about again and again. Of this process. */
import type { Job } from "kubernetes-types/batch/v1";
import type { Installation } from "../../../paperclip/installation.ts";
import { tokenHash as hashOf } from "../../shared/job-signature.ts";
import { nameOf, stateOf } from "../../shared/job-state.ts";
import { ANNOTATIONS, LABELS } from "../../shared/names.ts";
import type { Ownership } from "./ownership.ts";

interface Known {
  readonly ownership: Ownership;
  readonly until: number;
}

/** Milliseconds after which a Job that is not ours is asked about again; ours stays ours. */
const FOREIGN_FOR_MS = 10 * 60_000;
/** The newest ones; the oldest is forgotten first. */
const MAX_KNOWN = 5_000;
const known = new Map<string, Known>();

export function recall(job: Job, installation: Installation, now: number): Ownership | null {
  const found = known.get(keyOf(job, installation));
  return found && found.until > now ? found.ownership : null;
}

export function remember(job: Job, installation: Installation, ownership: Ownership, now: number): void {
  if (ownership.kind !== "ours" && ownership.kind !== "foreign") return;
  const [oldest] = known.keys();
  if (known.size >= MAX_KNOWN && oldest !== undefined) known.delete(oldest);
  const until = ownership.kind === "ours" ? Number.POSITIVE_INFINITY : now + FOREIGN_FOR_MS;
  known.set(keyOf(job, installation), { ownership, until });
}

/** All that it depends on: whoever may patch Jobs may give one other labels. */
function keyOf(job: Job, installation: Installation): string {
  const { uid, namespace, labels = {}, annotations = {} } = job.metadata ?? {};
  const { label, hasSecret } = installation;
  const read = [
    ...[LABELS.instance, LABELS.agentId, LABELS.companyId].map((name) => labels[name]),
    ...[ANNOTATIONS.tokenHash, ANNOTATIONS.signature, ANNOTATIONS.terms].map((name) => annotations[name]),
  ];
  const isCandidate = stateOf(job) === "candidate";
  return hashOf(JSON.stringify([uid, namespace, nameOf(job), read, isCandidate, label, hasSecret]));
}
