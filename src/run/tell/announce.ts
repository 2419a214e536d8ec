/** Reports to the host which Job carries the run, and where it comes from. */
import type { Host } from "../../paperclip/host.ts";
import type { RunPlan } from "../plan/plan.ts";
import type { JobInCluster } from "../shared/launched-run.ts";
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

function announce(host: Host, job: JobInCluster, type: string, message: string): Promise<void> {
  const { namespace, name, uid } = job;
  return host.notice({ type, message, payload: { namespace, job: name, uid, image: imageOf(job) } });
}

const imageOf = ({ object }: JobInCluster): string | undefined =>
  object.spec?.template.spec?.containers.find(({ name }) => name === CONTAINER)?.image;
