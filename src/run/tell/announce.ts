/** Tells the host which Job carries the run, and where it comes from. */
import type { Host } from "../../paperclip/host.ts";
import type { LaunchedJob } from "../shared/launched-run.ts";
import type { RunPlan } from "../plan/run-plan.ts";

export async function announceJob(host: Host, job: LaunchedJob): Promise<void> {
  await announce(host, job, "k8s.job.created", `Job ${job.name} created in namespace ${job.namespace}`);
  await host.status(`Job ${job.namespace}/${job.name} created (image ${imageOf(job)})`);
}

/** `from`: the run that the Job belonged to; null when it was this one, in an earlier process. */
export async function announceTakeOver(
  host: Host,
  plan: RunPlan,
  job: LaunchedJob,
  from: string | null,
): Promise<void> {
  const whose = from ? `run ${from}, which is over` : "an earlier process of this run";
  const note = `Job ${job.name} was started by ${whose}: taken over, with its transcript from the first line`;
  const command = `kubectl job/${job.name}`;
  await host.invocation({ ...plan.meta, command, commandNotes: [note, ...(plan.meta.commandNotes ?? [])], prompt: "" });
  host.dispatched();
  await announce(host, job, "k8s.job.adopted", note);
  await host.status(note);
}

function announce(host: Host, job: LaunchedJob, type: string, message: string): Promise<void> {
  const { namespace, name, uid } = job;
  return host.notice({ type, message, payload: { namespace, job: name, uid, image: imageOf(job) } });
}

const imageOf = ({ object }: LaunchedJob): string | undefined => object.spec?.template.spec?.containers[0]?.image;
