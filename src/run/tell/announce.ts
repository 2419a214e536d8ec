/** Reports to the host which Job carries the run, and where it comes from. */
import type { Job } from "kubernetes-types/batch/v1";
import type { Host } from "../../paperclip/host.ts";
import { RUN_FILES } from "../../runner/spec.ts";
import type { ObservedRun } from "../observe/observe.ts";
import type { RunPlan } from "../plan/plan.ts";
import type { JobInCluster, LaunchedRun } from "../shared/launched-run.ts";
import { CONTAINER } from "../shared/names.ts";

export async function announceJob(host: Host, job: JobInCluster): Promise<void> {
  await announce(host, job, "k8s.job.created", `Job ${job.name} created in namespace ${job.namespace}`);
  await host.status(`Job ${job.namespace}/${job.name} created (image ${imageOf(job)})`);
}

/** `from`: the run that the Job belonged to; null when it was this one, in an earlier process. */
export async function announceAdoption(
  host: Host,
  plan: RunPlan,
  job: JobInCluster,
  from: string | null,
): Promise<void> {
  const whose = from ? `run ${from}, which has ended` : "an earlier process of this run";
  const note = `Job ${job.name} was started by ${whose}; this run adopts it and shows its transcript from the first line`;
  const command = `kubectl job/${job.name}`;
  await host.invocation({ ...plan.meta, command, commandNotes: [note, ...(plan.meta.commandNotes ?? [])], prompt: "" });
  host.dispatched();
  await announce(host, job, "k8s.job.adopted", note);
  await host.status(note);
}

/** The transcript of the next pod follows that of this one: the line marks the place. */
export async function announceReturn(
  host: Host,
  { namespace, name, object }: LaunchedRun,
  { evidence: { pod, job } }: Pick<ObservedRun, "evidence">,
  why: string | null,
): Promise<void> {
  const goesOn = resumesInNextPod(object) ? "goes on in its session" : "begins anew";
  const message = `Queue ${job?.queue} took pod ${pod?.name} back${why === null ? "" : ` (${why})`}: the run waits in the queue, and then ${goesOn}`;
  const payload = { namespace, job: name, pod: pod?.name, uid: pod?.uid, queue: job?.queue, why };
  await host.notice({ type: "k8s.run.taken-back", level: "warn", message, payload });
  await host.status(message);
}

/** By the prompt that the next pod's runner has for it; a Job of a version before has no projected volume of its files. */
const resumesInNextPod = ({ spec }: Job): boolean =>
  spec?.template.spec?.volumes?.some(({ secret, projected }) =>
    [secret, ...(projected?.sources ?? []).map((source) => source.secret)].some((files) =>
      files?.items?.some(({ path }) => path === RUN_FILES.goesOnPrompt),
    ),
  ) ?? false;

function announce(host: Host, job: JobInCluster, type: string, message: string): Promise<void> {
  const { namespace, name, uid } = job;
  return host.notice({ type, message, payload: { namespace, job: name, uid, image: imageOf(job) } });
}

const imageOf = ({ object }: JobInCluster): string | undefined =>
  object.spec?.template.spec?.containers.find(({ name }) => name === CONTAINER)?.image;
