/** The log of one container of a run's pod as it is. */
import { openLog } from "../../kubernetes/log-stream.ts";
import type { FoundJob } from "../../operate/look/snapshot.ts";
import { CommandError } from "../command-error.ts";
import { write } from "../output.ts";

/** Throws CommandError where there is none, or it breaks off. */
export async function showContainer(
  { place, job, pods: [pod] }: FoundJob,
  container: string,
  follow: boolean,
  signal: AbortSignal,
): Promise<number> {
  const { namespace = "", name } = job.metadata;
  if (!pod)
    throw new CommandError(`Job ${namespace}/${name} has no pod that could have a log.`, "`claude-k8s why` says why.");
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  const names = [...initContainers, ...containers].map((one) => one.name);
  if (!names.includes(container))
    throw new CommandError(`Pod ${pod.metadata.name} has no container ${container}.`, `It has ${names.join(", ")}.`);
  const { client } = place.lease;
  const opening = await openLog(client.transport, { namespace, pod: pod.metadata.name, container, follow }, signal);
  if (opening.kind === "aborted") throw signal.reason;
  if (opening.kind !== "open") throw opening.error;
  for await (const chunk of opening.body) await write(process.stdout, chunk);
  const end = await opening.end;
  if (end.end === "aborted") throw signal.reason;
  if (end.end === "broken") throw new CommandError(`The log broke off: ${end.error.message}.`, "Ask again.");
  return 0;
}
