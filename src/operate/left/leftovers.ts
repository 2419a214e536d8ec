/**
 * What is left over of runs that are over: by the rules of the supervisor that Paperclip's server has, and what it cannot see.
 * Nothing is removed until it is asked for, and then only in the state in which it was judged.
 */
import { ApiError } from "../../kubernetes/api-error.ts";
import type { Installation } from "../../paperclip/installation.ts";
import { paperclipHome, transcriptsFolder } from "../../paperclip/kept-files.ts";
import { removeJob } from "../../run/claim/claim.ts";
import { cleanUp, isExpiredProbe } from "../../run/conclude/conclude.ts";
import { isProbe, nameOf, runIdOf } from "../../run/shared/job-state.ts";
import { jobInCluster } from "../../run/shared/launched-run.ts";
import { judgeJob, ownershipReader } from "../../run/supervise/supervise.ts";
import { oldTranscripts, sweepTranscripts } from "../../run/tell/tell.ts";
import { installationOf, type Look } from "../look/open.ts";
import { OperatorError } from "../look/operator-error.ts";
import type { FoundJob } from "../look/snapshot.ts";
import { outlook, removalOf } from "../run/outlook.ts";
import { leftBundles } from "./left-bundles.ts";
import { leftCopies, mustBeNone } from "./left-files.ts";
import { leftSecrets } from "./left-secrets.ts";
import { leftWork } from "./left-work.ts";
import type { Found, Leftover } from "./leftover.ts";
import { changed } from "./remove-unchanged.ts";

export interface Leftovers extends Found {
  /** Of agents that are gone: it holds what they have worked, and nobody can bring it back. */
  readonly work: readonly Leftover[];
}

const WHOSE =
  "Nothing was looked for: no Job tells which Paperclip is meant, and this machine has none. Name it with --instance LABEL.";

/** Throws ApiError, or OperatorError where it is not known of which Paperclip. */
export async function findLeftovers(seen: Look): Promise<Leftovers> {
  const installation = installationOf(seen);
  if (installation === null) {
    if (seen.scope.paperclips === "all")
      throw new OperatorError(
        "What is left over is a matter of one Paperclip: its record says which runs are over.",
        "Name it with --instance LABEL.",
        true,
      );
    return { over: [], work: [], leftAlone: [], unseen: [...seen.unseen, WHOSE] };
  }
  const over: Leftover[] = [];
  const leftAlone: string[] = [];
  for (const found of seen.found) {
    const leftover = isProbe(found.job)
      ? probe(found, installation)
      : await judged(found, seen, installation, leftAlone);
    if (leftover) over.push(leftover);
  }
  const bundles = await leftBundles(seen, installation);
  const secrets = await leftSecrets(seen, installation);
  const files = await ownFiles(seen);
  const work = await leftWork(seen, installation);
  return {
    over: [...over, ...bundles.over, ...secrets.over, ...files.over],
    work: work.over,
    leftAlone: [...leftAlone, ...work.leftAlone],
    unseen: [...seen.unseen, ...bundles.unseen, ...secrets.unseen, ...files.unseen, ...work.unseen],
  };
}

function probe({ place, job }: FoundJob, installation: Installation): Leftover | null {
  const { client } = place.lease;
  if (!isExpiredProbe(job, installation, client.clock.now())) return null;
  return {
    kind: "probe",
    what: `Job ${job.metadata.namespace}/${nameOf(job)} of an environment test`,
    why: "the test is over, and its process did not remove it",
    how: "delete",
    remove: async () => {
      const left = await cleanUp(client, jobInCluster(job));
      if (left !== null) throw new OperatorError(`${left}.`, "");
    },
  };
}

async function judged(
  found: FoundJob,
  { around, signal }: Look,
  installation: Installation,
  leftAlone: string[],
): Promise<Leftover | null> {
  const { job, place } = found;
  const { client } = place.lease;
  const { paperclipUrl } = around.deps;
  const readOwnership = ownershipReader(client, installation, paperclipUrl);
  const judgement = await judgeJob({ client, readOwnership, paperclipUrl, signal }, job);
  const why = outlook(found, judgement);
  if (why !== null) leftAlone.push(why);
  const removal = removalOf(found, judgement);
  if (removal === null) return null;
  const { namespace = "" } = job.metadata;
  return {
    kind: "job",
    what: `Job ${namespace}/${nameOf(job)} of run ${runIdOf(job)}`,
    why: removal.why,
    how: removal.how,
    remove: async () => {
      if (!(await removeJob(client, namespace, removal, signal))) throw changed();
    },
  };
}

/** Of Paperclip's home, where this is its machine. */
async function ownFiles(seen: Look): Promise<Pick<Leftovers, "over" | "unseen">> {
  const { around, instance } = seen;
  const { env } = around.deps;
  if (around.own === null || around.own.label !== instance)
    return { over: [], unseen: ["Files were not looked at: Paperclip's home is not on this machine."] };
  const folder = transcriptsFolder(env);
  const old = await oldTranscripts(folder, Date.now());
  const transcripts: Leftover = {
    kind: "transcripts",
    what: `${old.length} transcripts in ${folder}`,
    why: "their last line is older than thirty days",
    how: "delete",
    remove: async () => {
      await sweepTranscripts(folder, Date.now());
      mustBeNone(await oldTranscripts(folder, Date.now()));
    },
  };
  const copies = await leftCopies(seen, paperclipHome(env));
  return { over: [...(old.length > 0 ? [transcripts] : []), ...copies.over], unseen: copies.unseen };
}

/** For a removal that failed. */
export const whyNotRemoved = (error: unknown): string => {
  if (!(error instanceof ApiError || error instanceof OperatorError)) throw error;
  return error.message;
};
